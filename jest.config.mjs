/** Sources are run as they stand: swc strips the types, `tsc -b` checks them. */
const swc = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2023',
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};
const base = {
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: {
    '^fast-check$': '<rootDir>/test/support/seeded-fast-check.mjs',
    '^@curfew/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    // A room has further doors by subject: a file, or a folder with an index (ADR 81).
    '^@curfew/([a-z-]+)/([a-z-]+)$': ['<rootDir>/libs/$1/src/$2.ts', '<rootDir>/libs/$1/src/$2/index.ts'],
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.curfew/'],
};
/** Jest looks for tests in `roots` alone: the packages are a hundred thousand files more. */
const suite = (displayName, roots, testMatch, extra = {}) => ({
  ...base,
  displayName,
  roots: roots.map((root) => `<rootDir>/${root}`),
  testMatch,
  ...extra,
});
/** Tests beside what they test. */
const inSources = (displayName, name) => {
  const roots = ['libs', 'apps'];
  return suite(
    displayName,
    roots,
    roots.map((root) => `<rootDir>/${root}/*/src/**/${name}`),
  );
};
/** Tests in a folder of their own. */
const inTests = (displayName, name, extra) => suite(displayName, ['test'], [`<rootDir>/test/${name}`], extra);
/** Projects that need a database share one PostgreSQL and one migrated template in it. */
const withDatabase = {
  globalSetup: '<rootDir>/test/support/cluster.setup.mjs',
  globalTeardown: '<rootDir>/test/support/cluster.teardown.mjs',
};
export default {
  testTimeout: 30_000,
  workerIdleMemoryLimit: '512MB',
  watchman: false,
  projects: [
    inSources('unit', '!(*.costly).spec.ts'),
    // The same tests in one file, for a run of all of them: each file of tests would load the rooms anew.
    inTests('unit-at-once', 'unit/*.test.ts', {
      globalSetup: '<rootDir>/test/unit/bundle.setup.mjs',
      transform: { '^.+\\.ts$': '<rootDir>/scripts/bundled-test.mjs' },
    }),
    // Pure as well, but thousands of cases each, or real password hashing: too slow to run at every save.
    inSources('costly', '*.costly.spec.ts'),
    inTests('contract', 'contract/**/*.test.ts'),
    inTests('integration', 'integration/**/!(delivery-*|events-*).test.ts', withDatabase),
    // Hand events on only once no older transaction of the whole PostgreSQL is open, so nothing else may run beside them.
    inTests('alone', 'integration/**/@(delivery-*|events-*).test.ts', withDatabase),
    inTests('e2e', 'e2e/**/*.test.ts', withDatabase),
    inTests('browser', 'browser/**/*.test.ts', withDatabase),
    inTests('chaos', 'chaos/**/*.test.ts', withDatabase),
  ],
};
