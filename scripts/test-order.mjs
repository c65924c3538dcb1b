import { statSync } from 'node:fs';
import path from 'node:path';
import { top } from './repository.mjs';

/** Files that run for long on a quiet machine, the longest first: a worker that began one of them last would keep the others waiting. */
export const longest = [
  'test/browser/console-policies.test.ts',
  'test/browser/sign-in.test.ts',
  'test/e2e/cli.test.ts',
  'test/integration/adaptation-lived.test.ts',
  'test/browser/silent-renew.test.ts',
  'test/browser/leading-out.test.ts',
  'test/integration/start.test.ts',
  'test/browser/account.test.ts',
  'test/e2e/logs.test.ts',
  'test/browser/console-bars.test.ts',
  'test/browser/console-looks.test.ts',
  'test/browser/console-states.test.ts',
  'test/browser/console-busy.test.ts',
  'test/browser/console.test.ts',
  'test/browser/console-overtaken.test.ts',
  'test/browser/console-names.test.ts',
  'test/browser/console-acts.test.ts',
  'test/e2e/browser-sign-in.test.ts',
  'test/browser/forward-auth.test.ts',
  'test/browser/device-and-sign-out.test.ts',
  'test/e2e/failover.test.ts',
  'test/e2e/ends-again.test.ts',
  'test/integration/migrations.test.ts',
  'test/e2e/engine-cost.test.ts',
  'test/browser/appearance.test.ts',
  'test/e2e/token-answers.test.ts',
  'test/e2e/streams-handed-over.test.ts',
  'test/e2e/session-feed.test.ts',
  'test/e2e/engine-time.test.ts',
  'test/e2e/bootstrap.test.ts',
  'test/e2e/gateway-leads-to-sign-in.test.ts',
  'test/e2e/mail.test.ts',
  'test/e2e/protocol-at-rest.test.ts',
  'test/e2e/admin-authorization.test.ts',
  'test/browser/console-registry.test.ts',
  'test/browser/console-providers.test.ts',
  'test/integration/keys.test.ts',
  'test/e2e/readme.test.ts',
  'test/e2e/mcp-guide.test.ts',
  'test/e2e/admin-hostile-input.test.ts',
  'test/e2e/second-factors.test.ts',
  'test/e2e/engine-faults.test.ts',
  'test/integration/admin-search.test.ts',
  'test/e2e/hostile-wire.test.ts',
  'test/e2e/workers.test.ts',
  'test/e2e/hashing-process.test.ts',
];

/** Gives jest the files of all kinds in one order: the longest first, then the largest. */
export default class TestOrder {
  /** @param {{ path: string }[]} tests */
  sort(tests) {
    const rank = (/** @type {{ path: string }} */ { path: file }) => {
      const at = longest.indexOf(path.relative(top, file).replaceAll(path.sep, '/'));
      return at < 0 ? longest.length : at;
    };
    return tests
      .map((test) => ({ test, rank: rank(test), size: statSync(test.path).size }))
      .sort((a, b) => a.rank - b.rank || b.size - a.size)
      .map(({ test }) => test);
  }

  /** Jest would keep durations of its own here. */
  cacheResults() {}
}
