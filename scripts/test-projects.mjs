/** The kinds of tests, in the order in which they run: quick ones come first. */
export const projects = ['unit', 'costly', 'contract', 'integration', 'alone', 'e2e', 'browser', 'chaos'];

/** Those that `npm test` runs; chaos takes its time and has a command of its own. */
export const everyday = projects.filter((project) => project !== 'chaos');

/** Those that start what has been built, or read it. */
export const needBuild = new Set(['contract', 'integration', 'alone', 'e2e', 'browser', 'chaos']);

/**
 * The groups that `npm test` runs in order, each in one run. Tests that start servers share one PostgreSQL and both workers, so that no
 * worker waits for the last file of its kind; `alone` has a PostgreSQL of its own.
 */
export const together = [['unit', 'costly'], ['contract'], ['integration', 'e2e', 'browser'], ['alone']];
