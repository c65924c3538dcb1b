/** The kinds of tests, in the order in which they run: quick ones come first. */
export const projects = ['unit', 'costly', 'contract', 'integration', 'alone', 'e2e', 'browser', 'chaos'];

/** Those that `npm test` runs; chaos takes its time and has a command of its own. */
export const everyday = projects.filter((project) => project !== 'chaos');

/** Those that start what has been built, or read it. */
export const needBuild = new Set(['contract', 'integration', 'alone', 'e2e', 'browser', 'chaos']);

/**
 * What `npm test` runs: rounds one after another, in each of them runs of jest beside each other, in each run several kinds. Tests that
 * start servers share one PostgreSQL and all workers, so that no worker waits for the last file of its kind. `alone` has a PostgreSQL of
 * its own and mostly waits for it, and `contract` has none and only computes, so they go beside each other.
 */
export const rounds = [[['unit', 'costly']], [['contract'], ['alone']], [['integration', 'e2e', 'browser']]];
