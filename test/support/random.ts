import { randomFrom } from '../../libs/session-policy/test/random-from.mjs';

/** The seed of everything that is random in this run; CURFEW_TEST_SEED repeats a run. */
export const testSeed = Number(process.env['CURFEW_TEST_SEED'] ?? 1);

/** Whole numbers from `least` up to, and without, `end`: drawn from the seed of the run and the name of the draw. */
export function wholeNumbers(name: string): (least: number, end: number) => number {
  const offset = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 0);
  const next = randomFrom((testSeed + offset) >>> 0);
  return (least, end) => least + Math.floor(next() * (end - least));
}
