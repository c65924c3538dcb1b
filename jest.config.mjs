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
const suite = (displayName, testMatch, extra = {}) => ({ ...base, displayName, testMatch, ...extra });
/** Tests beside what they test. */
const inSources = (name) => ['libs', 'apps'].map((folder) => `<rootDir>/${folder}/*/src/**/${name}`);
/** Projects that need a database share one PostgreSQL and one migrated template in it. */
const withDatabase = {
  globalSetup: '<rootDir>/test/support/cluster.setup.mjs',
  globalTeardown: '<rootDir>/test/support/cluster.teardown.mjs',
};
export default {
  testTimeout: 30_000,
  workerIdleMemoryLimit: '512MB',
  projects: [
    suite('unit', inSources('!(*.costly).spec.ts')),
    // The same tests in two files, for a run of all of them.
    suite('unit-at-once', ['<rootDir>/test/unit/*.test.ts']),
    // Pure as well, but thousands of cases each, or real password hashing: too slow to run at every save.
    suite('costly', inSources('*.costly.spec.ts')),
    suite('contract', ['<rootDir>/test/contract/**/*.test.ts']),
    suite('integration', ['<rootDir>/test/integration/**/!(delivery-*|events-*).test.ts'], withDatabase),
    // Hand events on only once no older transaction of the whole PostgreSQL is open, so nothing else may run beside them.
    suite('alone', ['<rootDir>/test/integration/**/@(delivery-*|events-*).test.ts'], withDatabase),
    suite('e2e', ['<rootDir>/test/e2e/**/*.test.ts'], withDatabase),
    suite('browser', ['<rootDir>/test/browser/**/*.test.ts'], withDatabase),
    suite('chaos', ['<rootDir>/test/chaos/**/*.test.ts'], withDatabase),
  ],
};
