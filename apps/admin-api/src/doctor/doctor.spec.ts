import { fine, wrong } from '@curfew/doctor';
import { instant } from '@curfew/session-policy';
import { Doctor } from './doctor.js';

const now = instant(1_000);
const silent = { warn: () => {} };

it('answers everybody who asks at once from one run, in the order of its checks', async () => {
  let runs = 0;
  const doctor = new Doctor(
    {
      slow: async () => {
        runs++;
        await new Promise(setImmediate);
        return [fine('slow', 'yes')];
      },
      quick: () => [fine('quick', 'yes')],
    },
    silent,
  );
  const answers = await Promise.all(Array.from({ length: 50 }, () => doctor.examine(now)));
  answers.push(await doctor.examine(now));
  expect(runs).toBe(1);
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]!.findings.map(({ what }) => what)).toEqual(['slow', 'quick']);
});

it('does not wait for a check that hangs, and finds the rest', async () => {
  const doctor = new Doctor(
    { hung: () => new Promise(() => {}), quick: () => [fine('quick', 'yes')] },
    silent,
    { maxRunMs: 5, sharedForMs: 3_000 },
  );
  expect((await doctor.examine(now)).findings).toEqual([
    expect.objectContaining({
      what: 'hung',
      state: 'wrong',
      detail: expect.stringMatching(/^no answer within/),
    }),
    fine('quick', 'yes'),
  ]);
});

it('does not start a check again that still hangs', async () => {
  let begun = 0;
  const hung = () => {
    begun++;
    return new Promise<never>(() => {});
  };
  const doctor = new Doctor({ hung }, silent, { maxRunMs: 5, sharedForMs: 0 });
  const first = await doctor.examine(now);
  expect(await doctor.examine(now)).not.toBe(first);
  expect(begun).toBe(1);
});

it('says nothing of the reason for which a check failed, but logs it', async () => {
  const logged: object[] = [];
  const error = new Error('postgresql://curfew:secret@db/curfew');
  const checks = { database: () => Promise.reject(error) };
  const { findings } = await new Doctor(checks, { warn: (details) => logged.push(details) }).examine(now);
  expect(findings).toEqual([wrong('database', 'could not be looked at', 'look at the log of the admin API')]);
  expect(logged).toEqual([{ err: error, check: 'database' }]);
});
