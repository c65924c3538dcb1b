import { arrange, type Configuration } from './configuration.js';
import { ConfigurationError, type ConfigurationFault } from './configuration-error.js';
import { relations } from './relations.js';
import { type Settings, schema } from './schema.js';
import { Secret } from './secret.js';

/** What a process cannot do without; a gateway, for one, has neither a database nor keys. */
export interface Needs {
  readonly database?: boolean;
  readonly keys?: boolean;
}

/**
 * Reads the whole configuration once. Throws a `ConfigurationError` that names every fault found, and no value. Where `needs` says
 * that a process does without the database or the keys, an absent one is left empty.
 */
export function loadConfiguration(
  env: Readonly<Record<string, string | undefined>>,
  needs: Needs = {},
): Configuration {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const { settings, faults } = read(given);
  for (const rule of relations) faults.push(...rule(settings, given));
  faults.push(...missing(settings, faults, needs));
  if (faults.length > 0) throw new ConfigurationError(faults);
  return arrange(
    settings as Settings,
    settings.DATABASE_URL ?? new Secret(''),
    settings.CURFEW_KEY_ENCRYPTION_SECRETS ?? [],
  );
}

/** Every setting on its own, so that what can be read is there for the relations even if another has a fault. */
function read(given: Readonly<Record<string, string | undefined>>) {
  const settings: Record<string, unknown> = {};
  const faults: ConfigurationFault[] = [];
  for (const [setting, one] of Object.entries(schema.shape)) {
    const result = one.safeParse(given[setting]);
    if (result.success) settings[setting] = result.data;
    else faults.push({ setting, rule: result.error.issues[0]?.message ?? 'is invalid' });
  }
  return { settings: settings as Partial<Settings>, faults };
}

function missing(
  settings: Partial<Settings>,
  faults: readonly ConfigurationFault[],
  { database = true, keys = true }: Needs,
): ConfigurationFault[] {
  const needed = [
    ...(database ? (['DATABASE_URL'] as const) : []),
    ...(keys ? (['CURFEW_KEY_ENCRYPTION_SECRETS'] as const) : []),
  ];
  return needed
    .filter((name) => settings[name] === undefined && !faults.some(({ setting }) => setting === name))
    .map((setting) => ({ setting, rule: 'must be set' }));
}

/** Production does not start on data that `npm start` made up; call it once it is known whether such data is there. */
export function refuseFirstRunData(mode: Configuration['mode'], found: boolean): void {
  if (mode === 'production' && found)
    throw new ConfigurationError([
      { setting: 'DATABASE_URL', rule: 'names a database with first-run data, which production refuses' },
    ]);
}
