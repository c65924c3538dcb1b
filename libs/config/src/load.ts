import { arrange, type Configuration } from './configuration.js';
import { ConfigurationError, type ConfigurationFault } from './configuration-error.js';
import { relations } from './relations.js';
import { type Settings, schema } from './schema.js';
import { Secret } from './secret.js';

/** The settings a process requires; a gateway, for example, has neither a database nor keys. */
export interface Needs {
  readonly database?: boolean;
  readonly keys?: boolean;
  /** Whether it writes the address of the admin API into the database, where a default of the wrong host would stay. */
  readonly explicitAdminUrl?: boolean;
}

/**
 * Reads the whole configuration once. Throws a `ConfigurationError` that names every fault found, and no value. If `needs` says that a
 * process does without the database or the keys, an absent one is left empty.
 */
export function loadConfiguration(
  env: Readonly<Record<string, string | undefined>>,
  needs: Needs = {},
): Configuration {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const { settings, faults } = read(given);
  for (const rule of relations) faults.push(...rule(settings, given));
  faults.push(...missing(settings, faults, needs));
  if (needs.explicitAdminUrl && settings.CURFEW_MODE === 'production' && !given['CURFEW_ADMIN_URL'])
    faults.push({ setting: 'CURFEW_ADMIN_URL', rule: 'must be set explicitly in production' });
  if (faults.length > 0) throw new ConfigurationError(faults);
  const { DATABASE_URL: url, DATABASE_DIRECT_URL: direct } = settings;
  if (url && direct?.reveal() === url.reveal()) delete settings.DATABASE_DIRECT_URL;
  return arrange(settings as Settings, url ?? new Secret(''), settings.CURFEW_KEY_ENCRYPTION_SECRETS ?? []);
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

/** Services that can list their first-run data. */
interface FirstRunMakers {
  readonly accounts: { firstRun(): Promise<readonly unknown[]> };
  readonly clients: { firstRun(): Promise<readonly unknown[]> };
}

/** Whether there is anything in the database that was made at a first start. */
export const hasFirstRunData = async ({ accounts, clients }: FirstRunMakers): Promise<boolean> =>
  (await accounts.firstRun()).length > 0 || (await clients.firstRun()).length > 0;

/** A production process must not start on first-run data, because its secrets are in a file on a developer's machine. */
export async function refuseFirstRunData(
  mode: Configuration['mode'],
  services: FirstRunMakers,
): Promise<void> {
  if (mode === 'production' && (await hasFirstRunData(services)))
    throw new ConfigurationError([
      { setting: 'DATABASE_URL', rule: 'names a database with first-run data, which production refuses' },
    ]);
}
