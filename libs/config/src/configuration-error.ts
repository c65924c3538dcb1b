/** A fault of one setting: its name and the rule it breaks, never its value. */
export interface ConfigurationFault {
  readonly setting: string;
  readonly rule: string;
}

/** The configuration cannot be used; carries every fault found, so that one start shows them all. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'invalid_configuration';

  constructor(readonly faults: readonly ConfigurationFault[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n` +
        faults.map(({ setting, rule }) => `  ${setting} ${rule}`).join('\n'),
    );
  }
}
