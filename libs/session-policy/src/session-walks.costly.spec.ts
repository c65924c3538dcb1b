import { type Sightings, takeWalk } from '../test/session-walk.js';

/** CURFEW_WALK_SEED repeats a run (with CURFEW_WALKS=1: a single walk); CURFEW_WALKS sets how many are taken. */
const walks = Number(process.env['CURFEW_WALKS'] ?? 10_000);
const firstSeed = Number(process.env['CURFEW_WALK_SEED'] ?? process.env['CURFEW_TEST_SEED'] ?? 1);
const stepsPerWalk = 20;

describe('random walks around a session', () => {
  const seen: Sightings = new Map();

  it(`keep every promise of the decision table (${walks} walks)`, () => {
    process.stdout.write(`session walks: CURFEW_WALK_SEED=${firstSeed} CURFEW_WALKS=${walks}\n`);
    for (let seed = firstSeed; seed < firstSeed + walks; seed += 1) {
      try {
        takeWalk(seed, stepsPerWalk, seen);
      } catch (cause) {
        const repeat = `repeat with CURFEW_WALK_SEED=${seed} CURFEW_WALKS=1`;
        throw new Error(`${cause instanceof Error ? cause.message : 'failed'}; ${repeat}`, { cause });
      }
    }
  });

  it('went everywhere: each outcome was met many times', () => {
    if (walks < 10_000) return;
    const expected = [
      'rotate',
      'keep',
      'replay',
      'sibling',
      'reuse after a rotation from elsewhere',
      'step_up',
      'touched',
      'stepped up',
      'refuse wrong_client',
      'refuse wrong_key',
      'refuse logout',
      'refuse refresh_token_reuse',
      'end absolute_lifetime',
      'end inactivity_timeout',
      'end refresh_token_reuse',
      'end risk_device',
      'forged: refuse unknown_token',
    ];
    expect(expected.filter((outcome) => (seen.get(outcome) ?? 0) < 100)).toEqual([]);
  });
});
