/**
 * Files of tests that take long for what they are about: every operation with every scope, every page in every look, floods, storms,
 * restarts, old releases. `npm test` leaves them out and stays under 14 minutes on two cores; `npm run test:long` runs them, and continuous
 * integration runs both.
 */
export const longTests = [
  'test/browser/appearance.test.ts',
  'test/browser/browser-package.test.ts',
  'test/browser/console-bars.test.ts',
  'test/browser/console-overtaken.test.ts',
  'test/browser/console-policies.test.ts',
  'test/browser/console.test.ts',
  'test/browser/forward-auth.test.ts',
  'test/browser/leading-out.test.ts',
  'test/browser/silent-renew.test.ts',
  'test/e2e/admin-authorization.test.ts',
  'test/e2e/admin-hostile-input.test.ts',
  'test/e2e/bootstrap.test.ts',
  'test/e2e/cli.test.ts',
  'test/e2e/engine-cost.test.ts',
  'test/e2e/engine-storm.test.ts',
  'test/e2e/failover-endpoints.test.ts',
  'test/e2e/failover.test.ts',
  'test/e2e/hostile-guessing.test.ts',
  'test/e2e/hostile-wire.test.ts',
  'test/e2e/protocol-at-rest.test.ts',
  'test/e2e/scenarios.test.ts',
  'test/e2e/streams-handed-over.test.ts',
  'test/integration/adaptation-lived.test.ts',
  'test/integration/embedded-postgres.test.ts',
  'test/integration/migrations.test.ts',
  'test/integration/start.test.ts',
];
