import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number }} Count */
/** @typedef {Count & { broken: { file: string, passed: number, tests: string[] }[], isWhole: boolean }} Outcome */

/** Tests by their outcome; a file that could not even be run counts as one failure, and jest calls one with skipped tests `focused`. @param {string} results @returns {Outcome | undefined} */
export function outcomeIn(results) {
  if (!existsSync(results)) return undefined;
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults } = JSON.parse(
    readFileSync(results, 'utf8'),
  );
  const broken = testResults
    .filter((/** @type {{ status: string }} */ { status }) => status === 'failed')
    .map(
      (
        /** @type {{ name: string, assertionResults: { status: string, fullName: string }[] }} */ {
          name,
          assertionResults,
        },
      ) => ({
        file: name,
        passed: assertionResults.filter(({ status }) => status === 'passed').length,
        tests: assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
      }),
    );
  return {
    passed: numPassedTests,
    failed: numFailedTests + numRuntimeErrorTestSuites,
    broken,
    isWhole: true,
  };
}
