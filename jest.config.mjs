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
  moduleNameMapper: { '^@curfew/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts', '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.curfew/'],
};
const suite = (displayName, testMatch, extra = {}) => ({ ...base, displayName, testMatch, ...extra });
export default {
  projects: [
    suite('unit', ['<rootDir>/libs/*/src/**/*.spec.ts', '<rootDir>/apps/*/src/**/*.spec.ts']),
    suite('contract', ['<rootDir>/test/contract/**/*.test.ts']),
    suite('integration', ['<rootDir>/test/integration/**/*.test.ts']),
    suite('e2e', ['<rootDir>/test/e2e/**/*.test.ts']),
    suite('browser', ['<rootDir>/test/browser/**/*.test.ts']),
    suite('chaos', ['<rootDir>/test/chaos/**/*.test.ts']),
  ],
};
