/**
 * The share of their full length that storms run at: 1 unless CURFEW_TEST_CHAOS_SHARE says otherwise, such as 0.1 for everyday use.
 * docs/operations.md, "The storms of many nodes", names those that it shortens.
 */
function share(): number {
  const given = process.env['CURFEW_TEST_CHAOS_SHARE'] ?? '1';
  const value = Number(given);
  if (!(value > 0 && value <= 1))
    throw new Error(`CURFEW_TEST_CHAOS_SHARE is '${given}': it must be above 0 and at most 1`);
  return value;
}

/** How often something is done in this run that is done `full` times at full length; at least once. */
export const shortened = (full: number): number => Math.max(1, Math.round(full * share()));
