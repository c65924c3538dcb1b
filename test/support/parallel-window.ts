import { concurrentWithin } from '@curfew/session-policy';

/**
 * Runs requests that are meant to be parallel until a run takes less than the time in which uses count as parallel. On a starved machine
 * a request may be read later than that; then it is a retry, of which a session allows a few, and the next one is reuse.
 */
export async function asParallel<P, T>(
  prepare: () => Promise<P>,
  run: (prepared: P) => Promise<T>,
  maxRuns = 8,
): Promise<readonly [P, T]> {
  for (let runs = 1; ; runs += 1) {
    const prepared = await prepare();
    const began = performance.now();
    const outcome = [prepared, await run(prepared)] as const;
    if (performance.now() - began < concurrentWithin * 1_000 || runs === maxRuns) return outcome;
    process.stderr.write(`uses meant as parallel took longer than ${concurrentWithin} s: run ${runs}\n`);
  }
}
