import { type Scheduling, StandingBack } from './standing-back.js';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function standing(may: (scheduling: Scheduling) => boolean = () => true) {
  const changes: Scheduling[] = [];
  const at = { now: 5_000, stuck: 0 };
  const change = async (scheduling: Scheduling) => {
    changes.push(scheduling);
    return may(scheduling);
  };
  const parts = { change, onStuck: () => at.stuck++, now: () => at.now, starvedMs: 20 };
  const standingBack = new StandingBack(parts);
  const ask = async (afterMs: number, answersMs = 0) => {
    at.now += afterMs;
    standingBack.asked(1);
    await pause(answersMs);
    standingBack.answered(0);
    await pause(0);
  };
  return { changes, at, ask, standingBack };
}

it('takes part in the beginning, and stands back once ten seconds are over', async () => {
  const { changes, ask } = standing();
  await ask(0);
  await ask(9_999);
  expect(changes).toEqual([]);
  await ask(1);
  await ask(1_000);
  expect(changes).toEqual(['idle']);
});

it('takes part again for ten seconds when no answer comes, while one is still due', async () => {
  const { changes, at, ask, standingBack } = standing();
  await ask(10_000);
  standingBack.asked(1);
  await pause(60);
  expect(changes).toEqual(['idle', 'other']);
  standingBack.answered(0);
  await ask(9_999);
  expect(changes).toEqual(['idle', 'other']);
  await ask(1);
  expect([changes, at.stuck]).toEqual([['idle', 'other', 'idle'], 0]);
});

it('stays back while answers keep coming, however many are due', async () => {
  const { changes, ask, standingBack } = standing();
  await ask(10_000);
  standingBack.asked(9);
  for (let left = 8; left >= 0; left--) {
    await pause(5);
    standingBack.answered(left);
  }
  await pause(60);
  expect(changes).toEqual(['idle']);
});

it('stays as it is where it may not stand back', async () => {
  const { changes, at, ask } = standing(() => false);
  await ask(10_000);
  await ask(10_000, 60);
  expect([changes, at.stuck]).toEqual([['idle'], 0]);
});

it('says so where it may not come forward', async () => {
  const { at, ask } = standing((scheduling) => scheduling === 'idle');
  await ask(10_000);
  await ask(1_000);
  expect(at.stuck).toBe(0);
  await ask(1_000, 60);
  expect(at.stuck).toBeGreaterThan(0);
});
