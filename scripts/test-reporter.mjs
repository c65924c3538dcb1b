import path from 'node:path';

/** Tells jest's story in short: a line for each file, and whatever failed, in full. */
export default class TestReporter {
  /** @param {{ path: string }} test @param {import('@jest/reporters').TestResult} result */
  onTestResult({ path: file }, result) {
    const {
      numPassingTests: passed,
      numFailingTests: failed,
      numPendingTests: skipped,
      testExecError,
    } = result;
    const seconds = ((result.perfStats.end - result.perfStats.start) / 1000).toFixed(1);
    const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`];
    const good = failed === 0 && !testExecError;
    this.print(
      `${good ? '✓' : '✗'} ${path.relative('.', file)} (${counts.filter(Boolean).join(', ')}, ${seconds} s)`,
    );
    if (result.console?.length)
      for (const { type, message } of result.console) this.print(`    ${type}: ${message.split('\n')[0]}`);
    if (!good) this.print((result.failureMessage ?? String(testExecError)).trim().replace(/^/gm, '    '));
  }

  getLastError() {}

  /** @param {string} line */
  print(line) {
    // Standard output belongs to jest's own JSON.
    process.stderr.write(`${line}\n`);
  }
}
