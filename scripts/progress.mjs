/**
 * Says each step on a line, and while a step goes on says so again, so that a slow machine is not taken for one that hangs.
 * @param {(line: string) => void} print @param {number} intervalMs
 */
export function progress(print, intervalMs = 10_000) {
  /** @type {NodeJS.Timeout | undefined} */
  let underWay;
  const done = () => clearInterval(underWay);
  return {
    /** @param {string} step */
    say(step) {
      done();
      print(`  ${step} …`);
      const began = performance.now();
      const still = () => print(`    still at it after ${Math.round((performance.now() - began) / 1000)} s`);
      underWay = setInterval(still, intervalMs).unref();
    },
    done,
  };
}
