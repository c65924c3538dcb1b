import {
  type Configuration,
  ConfigurationError,
  type ConfigurationFault,
  type DatabaseConfiguration,
} from '@curfew/config';
import pg from 'pg';
import { DatabaseListener } from './database-listener.js';
import { HotStatements } from './hot-statements.js';
import { type InstallationSettings, requireOwnDatabase } from './installation.js';
import { migrate } from './migrations.js';
import { startParameters } from './pool.js';
import { ServerChoice } from './server-choice.js';
import type { HotStatement } from './statements.js';

/** The findings about the ways to the database. */
export interface AddressFindings {
  /** With any of these the service must not start. */
  readonly faults: readonly ConfigurationFault[];
  /** Sentences about what works, but not as somebody may have meant it. */
  readonly notes: readonly string[];
}

/** How long one question may take, in milliseconds; a pooler without a free connection lets it wait for ever. */
const patienceMs = 3_000;

const powers: HotStatement = {
  name: 'address-powers',
  text: `SELECT pg_backend_pid(), array_agg(setting::int ORDER BY name DESC), current_setting('client_min_messages'),
                (SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'pg_logical_emit_message' AND proargtypes[2] = 'text'::regtype
                    AND pronamespace = 'pg_catalog'::regnamespace AND NOT has_function_privilege(oid, 'EXECUTE')) FROM pg_settings
         WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout') GROUP BY 1`,
};
type AskedRow = [
  backend: number,
  timeoutsMs: [statement: number, idleInTransaction: number],
  leastMessage: string,
  /** The function for messages, as this version of PostgreSQL declares it, where the role may not call it. */
  refusedMessages: string | null,
];

/**
 * Looks at what DATABASE_URL can do: whether its timeouts hold, whether prepared statements survive a change of the server's connection,
 * and in which mode a pooler works. Rejects where the database cannot be reached, which says nothing about the addresses.
 */
export async function examineAddresses(configuration: DatabaseConfiguration): Promise<AddressFindings> {
  try {
    return configuration.isPooled ? await examinePooler(configuration) : await examineServer(configuration);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code === '08P01' && /startup parameter/i.test(String(message)))
      return { faults: [mustHaveDirectUrl('refuses')], notes: [] };
    throw error;
  }
}

/** Sends a notification by the one way and listens at the other. @throws NotHeard */
export async function proveAnnouncements(configuration: DatabaseConfiguration): Promise<void> {
  const through = new HotStatements(configuration, 1);
  const parts = { url: configuration.directUrl.reveal(), through };
  const listener = new DatabaseListener(parts, [], { onNotification: () => {} });
  try {
    await listener.start();
  } finally {
    await listener.stop();
    await through.close();
  }
}

/**
 * Checks the ways to the database, then that no other installation uses it, and brings it up to date by the direct one. The ways come
 * first: over a pooler that nobody declared, no other question gets an answer.
 * @throws ConfigurationError
 */
export async function prepareDatabase(
  configuration: InstallationSettings & Pick<Configuration, 'mode'>,
  note: (sentence: string) => void,
): Promise<void> {
  const { database } = configuration;
  await requireAddresses(database, note);
  await requireOwnDatabase(configuration, note);
  await migrate(database.directUrl.reveal());
}

/** Throws a ConfigurationError that names everything that is wrong with the ways to the database. */
export async function requireAddresses(
  configuration: DatabaseConfiguration,
  note: (sentence: string) => void,
): Promise<void> {
  const { faults, notes } = await examineAddresses(configuration);
  if (faults.length > 0) throw new ConfigurationError(faults);
  for (const sentence of notes) note(sentence);
}

const mustHaveDirectUrl = (does: string): ConfigurationFault => ({
  setting: 'DATABASE_DIRECT_URL',
  rule: `must be set, because DATABASE_URL leads to a pooler that ${does} start-up parameters: name the server itself there (docs/operations.md)`,
});

async function examineServer(configuration: DatabaseConfiguration): Promise<AddressFindings> {
  const client = await connect(configuration);
  try {
    const asked = await ask(client);
    const [, [statementMs]] = asked;
    const isKept = statementMs === configuration.statementTimeoutMs;
    const faults = [...(isKept ? [] : [mustHaveDirectUrl('drops')]), ...faultsOfCommits(asked)];
    return { faults, notes: [] };
  } finally {
    await client.end().catch(() => {});
  }
}

/** Two clients: while the second one has a transaction open, a pooler must give the first one another connection of the server. */
async function examinePooler(configuration: DatabaseConfiguration): Promise<AddressFindings> {
  const first = await connect(configuration);
  try {
    const asked = await ask(first);
    const [backend, timeoutsMs] = asked;
    const faults = [...faultsOfTimeouts(timeoutsMs, configuration), ...faultsOfCommits(asked)];
    const second = await connect(configuration);
    try {
      await second.query('BEGIN');
      await ask(second);
      const later = await ask(first);
      const isPinned = later[0] === backend && (await ask(second))[0] !== backend;
      return { faults, notes: isPinned ? [pinned] : [] };
    } catch (error) {
      return { faults: [...faults, faultOfPooler(error)], notes: [] };
    } finally {
      await second.end().catch(() => {});
    }
  } finally {
    await first.end().catch(() => {});
  }
}

const pinned =
  'DATABASE_URL does not lead to a pooler in transaction mode: each connection of a process takes one of the server';

function faultsOfTimeouts(
  [statementMs, idleMs]: AskedRow[1],
  { statementTimeoutMs, transactionTimeoutMs }: DatabaseConfiguration,
): ConfigurationFault[] {
  const missing = [
    ...(statementMs > 0 ? [] : [`statement_timeout = '${statementTimeoutMs}ms'`]),
    ...(idleMs > 0 ? [] : [`idle_in_transaction_session_timeout = '${transactionTimeoutMs}ms'`]),
  ];
  return missing.map((setting) => ({
    setting: 'DATABASE_URL',
    rule: `leads to connections on which a statement may run for ever, because a pooler passes on no timeouts: give its role one, ALTER ROLE … SET ${setting}`,
  }));
}

/**
 * Faults that keep a commit from being what it says. A commit whose wait for a standby was cancelled is told by a warning alone (PostgreSQL,
 * SyncRepWaitForLSN), and a transaction that wrote nothing waits for no standby unless it writes a message (ADR 111).
 */
function faultsOfCommits([, , leastMessage, refusedMessages]: AskedRow): ConfigurationFault[] {
  const rules = [
    leastMessage === 'error' &&
      'leads to connections on which the server sends no warnings, so that a commit which no standby confirmed looks like any other: ALTER ROLE … RESET client_min_messages, and the same for its database',
    refusedMessages !== null &&
      `leads to a role that may not write the message with which a transaction waits for its standby: GRANT EXECUTE ON FUNCTION ${refusedMessages} TO …`,
  ];
  return rules.filter((rule) => rule !== false).map((rule) => ({ setting: 'DATABASE_URL', rule }));
}

function faultOfPooler(error: unknown): ConfigurationFault {
  const { code } = error as { code?: unknown };
  const isForgotten = code === '26000' || code === '42P05';
  return {
    setting: 'DATABASE_URL',
    rule: isForgotten
      ? 'leads to a pooler that knows no prepared statements: PgBouncer does from 1.21 on, with max_prepared_statements above 0'
      : 'leads to a pooler that does not give two clients a connection at the same time: its pool must have at least two',
  };
}

async function connect(configuration: DatabaseConfiguration): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: await ServerChoice.of(configuration.url.reveal()).current(),
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    ...startParameters(configuration),
  });
  client.on('error', () => {}); // a lost connection shows in the query that was running
  await client.connect();
  return client;
}

async function ask(client: pg.Client): Promise<AskedRow> {
  const { rows } = await client.query<AskedRow>({ ...powers, rowMode: 'array' });
  return rows[0]!;
}
