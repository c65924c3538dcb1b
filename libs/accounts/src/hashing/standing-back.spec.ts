import { type Scheduling, StandingBack } from './standing-back.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

function standing(may: (scheduling: Scheduling) => boolean = () => true) {
  const changes: Scheduling[] = [];
  const at = { now: 5_000, stuck: 0 };
  const change = async (scheduling: Scheduling) => {
    changes.push(scheduling);
    return may(scheduling);
  };
  const standingBack = new StandingBack({ change, onStuck: () => at.stuck++, now: () => at.now });
  const answered = async (afterMs: number, tookMs = 30) => {
    at.now += afterMs;
    standingBack.answered(tookMs);
    await settled();
  };
  return { changes, at, answered };
}

it('takes part in the beginning, and stands back once hashes have come quickly for ten seconds', async () => {
  const { changes, answered } = standing();
  await answered(0);
  await answered(9_999);
  expect(changes).toEqual([]);
  await answered(1);
  await answered(1_000);
  expect(changes).toEqual(['idle']);
});

it('takes part again for ten seconds after a hash that had to wait', async () => {
  const { changes, answered } = standing();
  await answered(10_000);
  await answered(1_000, 500);
  expect(changes).toEqual(['idle']);
  await answered(1_000, 501);
  await answered(9_999);
  expect(changes).toEqual(['idle', 'other']);
  await answered(1);
  expect(changes).toEqual(['idle', 'other', 'idle']);
});

it('stays as it is where it may not stand back', async () => {
  const { changes, at, answered } = standing(() => false);
  await answered(10_000);
  await answered(10_000);
  await answered(1, 501);
  expect([changes, at.stuck]).toEqual([['idle'], 0]);
});

it('says so where it may not come forward', async () => {
  const { at, answered } = standing((scheduling) => scheduling === 'idle');
  await answered(10_000);
  expect(at.stuck).toBe(0);
  await answered(1_000, 600);
  expect(at.stuck).toBe(1);
});
