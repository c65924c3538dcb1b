/** The kinds of tests, in the order in which they run: what is quick to fail comes first. */
export const projects = ['unit', 'costly', 'contract', 'integration', 'alone', 'e2e', 'browser', 'chaos'];

/** Those that `npm test` runs; chaos takes its time and has a command of its own. */
export const everyday = projects.filter((project) => project !== 'chaos');

/** Those that start what has been built, or read it. */
export const needBuild = new Set(['contract', 'integration', 'alone', 'e2e', 'browser', 'chaos']);
