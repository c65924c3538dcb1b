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
