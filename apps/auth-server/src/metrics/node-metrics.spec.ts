import { NodeMetrics } from './node-metrics.js';

it.each([
  ['serves', { refusal: undefined, commits: true }, [0, 0, 0]],
  ['reaches a standby', { refusal: { kind: 'standby' }, commits: true }, [1, 0, 0]],
  ['has found a loss', { refusal: { kind: 'lost' }, commits: true }, [0, 1, 0]],
  ['commits nothing', { refusal: undefined, commits: false }, [0, 0, 1]],
])('a process that %s tells so in its figures', async (_, guard, figures) => {
  const metrics = new NodeMetrics(undefined);
  metrics.measureGuard(guard as never);
  const lines = (await metrics.registry.metrics()).match(/^curfew_database_refused\{.*$/gm);
  expect(lines).toEqual(
    ['standby', 'lost', 'no_commit'].map(
      (reason, at) => `curfew_database_refused{reason="${reason}"} ${figures[at]}`,
    ),
  );
});

describe('figures that only the database knows', () => {
  const told = {
    depth: async () => [{ kind: 'webhook', waiting: 2, dead: 0, oldestMs: 3_000 }],
    lag: async () => 5_000,
  };
  const clock = { now: () => 0 };
  const asked = (store: object) => {
    const metrics = new NodeMetrics(undefined);
    metrics.measureOutbox({ ...told, ...store } as never, clock as never);
    metrics.mail.measure(
      { depth: async () => ({ waiting: 1, failing: 0, oldestMs: 0 }), ...store } as never,
      clock as never,
    );
    metrics.measureGuard({ refusal: { kind: 'standby' }, commits: true } as never);
    return metrics.registry.metrics();
  };
  const fails = (error: Error) => {
    const answer = () => Promise.reject(error);
    return { depth: answer, lag: answer };
  };
  const lines = (text: string) =>
    text.split('\n').filter((line) => /^curfew_(outbox|mail)_(?!.*_total)/.test(line));

  it('are told where it answers', async () => {
    expect(lines(await asked({}))).toEqual([
      'curfew_outbox_waiting{kind="webhook"} 2',
      'curfew_outbox_dead{kind="webhook"} 0',
      'curfew_outbox_oldest_seconds{kind="webhook"} 3',
      'curfew_outbox_lag_seconds 5',
      'curfew_mail_waiting 1',
      'curfew_mail_failing 0',
      'curfew_mail_oldest_seconds 0',
    ]);
  });

  it('are left out where it cannot be asked, and the reason why is told', async () => {
    const text = await asked(fails(Object.assign(new Error('no primary'), { code: '57P03' })));
    expect(lines(text)).toEqual([]);
    expect(text).toContain('curfew_database_refused{reason="standby"} 1');
  });

  it('hide no fault of ours', () => expect(asked(fails(new TypeError('ours')))).rejects.toThrow('ours'));
});
