import { createHash } from 'node:crypto';
import { type Configuration, ConfigurationError, type Secret } from '@curfew/config';
import pg from 'pg';
import { startParameters } from './pool.js';
import { ServerChoice } from './server-choice.js';

/** The settings in which two processes on one database must agree. */
export type InstallationSettings = Pick<Configuration, 'database' | 'issuer' | 'keyEncryptionSecrets'>;

const listenerName = 'curfew listener';

/** Hexadecimal digits of a mark; a connection's name has at most 63 characters. */
const issuerDigits = 8;
const secretDigits = 6;

/** Marks of an installation, from which nobody learns its issuer or its secrets. */
interface Marks {
  readonly issuer: string;
  readonly secrets: readonly string[];
}

const marksOf = ({ issuer, keyEncryptionSecrets }: InstallationSettings): Marks => ({
  issuer: createHash('sha256').update(issuer).digest('hex').slice(0, issuerDigits),
  secrets: keyEncryptionSecrets.map(markOf),
});

const markOf = (secret: Secret): string =>
  createHash('sha256')
    .update(`curfew mark of an installation\0${secret.reveal()}`)
    .digest('hex')
    .slice(0, secretDigits);

/**
 * The name of the connection on which a process of this installation listens. Each process has one for as long as it serves, so the
 * server's list of connections says who is there, without a row that would outlive its process.
 */
export function nameOfListener(settings: InstallationSettings): string {
  const { issuer, secrets } = marksOf(settings);
  return `${listenerName} ${issuer} ${secrets.join(',')}`;
}

/** A process on this database that does not belong to the same installation. */
export interface Stranger {
  /** The number of its connection at the server, and the address it comes from. */
  readonly connection: number;
  readonly from: string;
  readonly differsIn: 'CURFEW_ISSUER' | 'CURFEW_KEY_ENCRYPTION_SECRETS';
}

/** The processes of other installations that use this database at the moment, as far as this role may see them. */
export async function strangersOn(settings: InstallationSettings): Promise<readonly Stranger[]> {
  const { database } = settings;
  const client = new pg.Client({
    connectionString: await ServerChoice.of(database.directUrl.reveal()).current(),
    connectionTimeoutMillis: database.connectTimeoutMs,
    query_timeout: database.connectTimeoutMs,
    ...startParameters(database),
  });
  client.on('error', () => {}); // a lost connection shows in the query that was running
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number; name: string; from: string }>(
      // The address of another role's connection is shown to members of that role and of pg_read_all_stats alone, its name to everybody.
      // A role that may see the address may also see when the connection began (PostgreSQL, pg_stat_activity).
      `SELECT pid, application_name AS name, CASE
         WHEN client_addr IS NOT NULL THEN host(client_addr)
         WHEN backend_start IS NULL THEN 'an address that this role may not see'
         ELSE 'the machine of the database' END AS from
       FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE $1 ORDER BY pid`,
      [`${listenerName} %`],
    );
    return rows.flatMap(({ pid, name, from }) => {
      const differsIn = difference(marksOf(settings), name);
      return differsIn ? [{ connection: pid, from, differsIn }] : [];
    });
  } finally {
    await client.end().catch(() => {});
  }
}

function difference(own: Marks, name: string): Stranger['differsIn'] | undefined {
  const [issuer, secrets = ''] = name.slice(listenerName.length + 1).split(' ');
  if (issuer !== own.issuer) return 'CURFEW_ISSUER';
  // While secrets are replaced node by node, two nodes have at least one in common.
  const shared = secrets.split(',').some((secret) => own.secrets.includes(secret));
  return shared ? undefined : 'CURFEW_KEY_ENCRYPTION_SECRETS';
}

/** A sentence about strangers for a log, a refusal or a finding. */
export function sentenceOfStrangers(strangers: readonly Stranger[]): string {
  const [first] = strangers;
  const others = strangers.length > 1 ? ` and ${strangers.length - 1} more` : '';
  return `is used by another installation: the process at ${first?.from} (connection ${first?.connection} of PostgreSQL${others}) has another ${first?.differsIn}; give each installation a database of its own, and all processes of one the same settings`;
}

/**
 * Looks whether somebody else's processes use this database: both would end, sweep and sign as if all of it were theirs. Production does not
 * start beside them.
 * @throws ConfigurationError
 */
export async function requireOwnDatabase(
  settings: InstallationSettings & Pick<Configuration, 'mode'>,
  note: (sentence: string) => void,
): Promise<void> {
  const strangers = await strangersOn(settings);
  if (strangers.length === 0) return;
  const rule = sentenceOfStrangers(strangers);
  // After a compromise secrets are replaced without an overlap, node by node: those who do that need no second fault.
  const isOtherIssuer = strangers.some(({ differsIn }) => differsIn === 'CURFEW_ISSUER');
  if (settings.mode === 'production' && isOtherIssuer)
    throw new ConfigurationError([{ setting: 'DATABASE_URL', rule }]);
  note(`DATABASE_URL ${rule}`);
}
