import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';

/*
 * Many sessions from a few real ones. A row that a real sign-in left is copied under ids and token secrets that both
 * PostgreSQL and the driver can compute from the copy's number, so a million tokens need not be carried anywhere.
 */

const md5 = (text) => createHash('md5').update(text).digest('hex');

/** Id of the n-th copy: a UUIDv7 as the product makes them, so that keys grow with time like real ones. */
export function sessionId(kind, n, firstAt) {
  const random = md5(`${kind}${n}`);
  const hex = `${(firstAt + n).toString(16).padStart(12, '0')}7${random.slice(0, 3)}8${random.slice(3, 18)}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Secret of the n-th copy's refresh token. */
export const tokenSecret = (kind, n) => createHash('sha256').update(`secret ${kind}${n}`).digest();

// The template row supplies every column that is not named here, whatever columns the table has.
async function copyStatement(database, changes) {
  const { rows } = await database.query(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'session'::regclass AND attnum > 0 AND NOT attisdropped`,
  );
  const names = rows.map(({ name }) => name);
  const unknown = Object.keys(changes).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`sessions have no column ${unknown.join(', ')}`);
  const columns = names.map((name) => pg.escapeIdentifier(name));
  const values = names.map((name, index) => changes[name] ?? `template.${columns[index]}`);
  return `INSERT INTO session (${columns.join(', ')}) SELECT ${values.join(', ')} FROM session template`;
}

const neverRefreshed = { generation: '0', retries: '0', rotated_at: 'NULL', successor_seal: 'NULL' };

/** Copies a session `count` times; `accounts` and `clients`, where given, take turns as its account and client. */
export async function copySession(database, { template, kind, firstAt, count, accounts = [], clients = [] }) {
  const turn = (list, own) => `COALESCE((${list})[1 + n % GREATEST(cardinality(${list}), 1)], ${own})`;
  const copy = await copyStatement(database, {
    ...neverRefreshed,
    id: `(lpad(to_hex($3::bigint + n), 12, '0') || '7' || left(md5($2::text || n), 3) || '8' || substr(md5($2::text || n), 4, 15))::uuid`,
    account_id: turn('$5::uuid[]', 'template.account_id'),
    client_id: turn('$6::text[]', 'template.client_id'),
    browser_session_uid: "md5('browser' || $2::text || n)",
    token_hash: "sha256(sha256(convert_to('secret ' || $2::text || n, 'UTF8')))",
  });
  await database.query(`${copy}, generate_series(1, $4::int) n WHERE template.id = $1::uuid`, [
    template,
    kind,
    firstAt,
    count,
    accounts,
    clients,
  ]);
}

/** Copies the account a session belongs to, so that sessions spread over people as they do in life; returns the ids. */
export async function copyAccounts(database, username, count) {
  const { rows } = await database.query(
    `INSERT INTO account
     SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'username', 'bench-' || n || '@example.test'))).*
     FROM account a, generate_series(1, $2::int) n WHERE a.username = $1 RETURNING id`,
    [username, count],
  );
  return rows.map(({ id }) => id);
}

/** Lets the copies of an account have allowed every client what it has allowed them. */
export async function copyConsents(database, username, accounts) {
  await database.query(
    `INSERT INTO consent
     SELECT (jsonb_populate_record(c, jsonb_build_object('account_id', copy))).*
     FROM consent c, unnest($2::uuid[]) copy WHERE c.account_id = (SELECT id FROM account WHERE username = $1)`,
    [username, accounts],
  );
}

/** The names of the first so many accounts that `copyAccounts` made. */
export const copiedNames = (count) =>
  Array.from({ length: count }, (_, index) => `bench-${index + 1}@example.test`);

/** Registers copies of a client with the same secret; returns their ids. */
export async function copyClients(database, clientId, count) {
  const { rows } = await database.query(
    `INSERT INTO client
     SELECT (jsonb_populate_record(c, jsonb_build_object('id', 'bench-' || n, 'metadata', c.metadata || jsonb_build_object('client_id', 'bench-' || n)))).*
     FROM client c, generate_series(1, $2::int) n WHERE c.id = $1 RETURNING id`,
    [clientId, count],
  );
  await database.query(
    `INSERT INTO client_secret
     SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'client_id', 'bench-' || n))).*
     FROM client_secret s, generate_series(1, $2::int) n WHERE s.client_id = $1`,
    [clientId, count],
  );
  return rows.map(({ id }) => id);
}

/**
 * Adds sessions that have been silent for too long without anybody noticing yet. `begin()` lets them fall due,
 * `hasBegun()` says whether the sweeper has ended any of them, `isOver()` whether it has ended all, `left()` how many it has not.
 */
export async function expireSoon(databaseUrl, count) {
  const database = new pg.Client(databaseUrl);
  await database.connect();
  const first = randomUUID();
  // They fall due by becoming visible: changing a million rows would itself be a load.
  try {
    await database.query('BEGIN');
    const copy = await copyStatement(database, {
      ...neverRefreshed,
      id: 'CASE n WHEN 1 THEN $2::uuid ELSE gen_random_uuid() END',
      token_hash: 'NULL',
      browser_session_uid: "md5('expired' || n)",
      last_active_at: "template.started_at - interval '2 hours'",
      signed_in_at: "template.signed_in_at - interval '2 hours'",
      expires_at: "template.started_at - interval '1 hour'",
      check_after: "template.started_at - CASE n WHEN 1 THEN interval '2 hours' ELSE interval '1 hour' END",
    });
    await database.query(
      `${copy}, generate_series(1, $1::int) n
       WHERE template.id = (SELECT id FROM session WHERE generation = 0 AND ended_at IS NULL LIMIT 1)`,
      [count, first],
    );
  } catch (error) {
    await database.end();
    throw error;
  }
  const ask = async (question, values = []) =>
    (await database.query(`SELECT ${question} AS answer`, values)).rows[0].answer;
  const due = 'FROM session WHERE check_after <= now() AND ended_at IS NULL';
  return {
    begin: () => database.query('COMMIT'),
    hasBegun: () => ask('EXISTS (SELECT 1 FROM session WHERE id = $1 AND ended_at IS NOT NULL)', [first]),
    isOver: () => ask(`NOT EXISTS (SELECT 1 ${due})`),
    left: () => ask(`(SELECT count(*)::int ${due})`),
    close: () => database.end(),
  };
}
