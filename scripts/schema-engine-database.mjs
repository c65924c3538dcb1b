import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';

// The way from the WebAssembly build of Prisma's schema engine to PostgreSQL. The published driver adapter is made for queries of
// applications; three things are different for migrations, and each is mended here:
//   - it splits scripts at semicolons, which breaks function bodies: scripts go to the server whole;
//   - it does not know the type "char", which the catalogue is full of: such columns are read as text and labelled afterwards;
//   - its shadow database lives on the same pool: here it has a connection of its own, and is dropped again.

const charOid = 18;
const textOid = 25;
/** `ColumnTypeEnum.Character` of Prisma's driver adapters. */
const characterColumn = 6;

/** Parameters of Prisma's own in a connection URL, which the server would refuse. */
const prismaParameters = [
  ...['schema', 'connection_limit', 'pool_timeout', 'pgbouncer', 'connect_timeout'],
  ...['statement_cache_size', 'socket_timeout', 'single_use_connections'],
];

/** @param {string} url */
export function addressOf(url) {
  const parsed = new URL(url);
  const schema = parsed.searchParams.get('schema') ?? undefined;
  for (const name of prismaParameters) parsed.searchParams.delete(name);
  return { href: parsed.href, database: decodeURIComponent(parsed.pathname.slice(1)), schema };
}

/** The same server, another database. @param {string} url @param {string} database */
function elsewhere(url, database) {
  const parsed = new URL(addressOf(url).href);
  parsed.pathname = `/${encodeURIComponent(database)}`;
  return parsed.href;
}

/** @template T @param {string} href @param {(client: pg.Client) => Promise<T>} work */
async function connected(href, work) {
  const client = new pg.Client({ connectionString: href });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @param {string} url @param {string} sql with %I for the name of the database @param {string} [name] */
const onServer = (url, sql, name = addressOf(url).database) =>
  connected(elsewhere(url, 'postgres'), (client) =>
    client.query(sql.replace('%I', client.escapeIdentifier(name))),
  );

/** @param {string} url */
export const canConnect = (url) => connected(addressOf(url).href, async () => {});
/** @param {string} url */
export const createDatabase = (url) => onServer(url, 'CREATE DATABASE %I');
/** @param {string} url */
export const dropDatabase = (url) => onServer(url, 'DROP DATABASE %I WITH (FORCE)');

/** The adapters the engine asks for: the database itself, and a shadow one to try migrations on. @param {string | undefined} url */
export function engineAdapters(url) {
  return {
    provider: /** @type {const} */ ('postgres'),
    adapterName: '@prisma/adapter-pg',
    connect: async () => (url ? open(addressOf(url).href, addressOf(url).schema) : withoutDatabase),
    connectToShadowDb: async () => {
      if (!url) throw new Error('DATABASE_URL is not set');
      const name = `prisma_migrate_shadow_db_${randomUUID()}`;
      await onServer(url, 'CREATE DATABASE %I', name);
      return open(elsewhere(url, name), addressOf(url).schema, () =>
        onServer(url, 'DROP DATABASE IF EXISTS %I WITH (FORCE)', name),
      );
    },
  };
}

/** @param {string} href @param {string | undefined} schema @param {() => Promise<unknown>} [afterwards] */
async function open(href, schema, afterwards = async () => {}) {
  /** Columns of the last answer that were "char". @type {number[]} */
  let characters = [];
  const read = (/** @type {pg.QueryResult} */ result) => {
    characters = [];
    result?.fields?.forEach((field, at) => {
      if (field.dataTypeID !== charOid) return;
      field.dataTypeID = textOid;
      characters.push(at);
    });
    return result;
  };
  const pool = new pg.Pool({ connectionString: href, max: 1, Client: catalogueClient(read) });
  const adapter = await new PrismaPg(pool, schema ? { schema } : {}).connect();
  return instead(adapter, {
    ...labelling(adapter, () => characters),
    startTransaction: async (/** @type {any} */ level) => {
      const transaction = await adapter.startTransaction(level);
      return instead(
        transaction,
        labelling(transaction, () => characters),
      );
    },
    executeScript: (/** @type {string} */ script) => pool.query(script).then(() => {}, asAdapterError),
    dispose: async () => {
      await adapter.dispose();
      await pool.end();
      await afterwards();
    },
  });
}

/** `target` with some of its functions replaced. @template {object} T @param {T} target @param {Record<string, unknown>} replaced */
function instead(target, replaced) {
  return new Proxy(target, {
    get(_, name) {
      if (typeof name === 'string' && name in replaced) return replaced[name];
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** @param {any} queryable @param {() => number[]} characters */
const labelling = (queryable, characters) => ({
  queryRaw: async (/** @type {any} */ query) => {
    const answer = await queryable.queryRaw(query);
    for (const at of characters()) answer.columnTypes[at] = characterColumn;
    return answer;
  },
});

/** A client that passes every answer through `read`. @param {(result: any) => any} read @returns {any} */
function catalogueClient(read) {
  return class extends pg.Client {
    /** @param {...any} values */
    query(...values) {
      const callback = values.at(-1);
      if (typeof callback !== 'function') {
        const outcome = super.query(.../** @type {[any]} */ (values));
        return outcome instanceof Promise ? outcome.then(read) : outcome;
      }
      values[values.length - 1] = (/** @type {Error} */ error, /** @type {any} */ result) =>
        callback(error, read(result));
      return super.query(.../** @type {[any]} */ (values));
    }
  };
}

/** Throws the error that the engine expects when a script fails. @param {any} error @returns {never} */
function asAdapterError(error) {
  const { code, severity, message, detail, column, hint } = error;
  const cause = { kind: 'postgres', code, severity, message, detail, column, hint, originalCode: code };
  throw Object.assign(new Error(message), {
    name: 'DriverAdapterError',
    cause: { ...cause, originalMessage: message },
  });
}

/** For what needs no database, such as comparing two schema files; the engine still asks for a version. */
const withoutDatabase = {
  provider: /** @type {const} */ ('postgres'),
  adapterName: 'none',
  getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
  dispose: async () => {},
  executeRaw: async () => 0,
  executeScript: async () => {
    throw new Error('DATABASE_URL is not set');
  },
  queryRaw: async (/** @type {{ sql: string }} */ { sql }) =>
    /version/i.test(sql)
      ? {
          columnNames: ['version', 'numeric_version'],
          columnTypes: [7, 0],
          rows: [['PostgreSQL 14.0', 140000]],
        }
      : { columnNames: [], columnTypes: [], rows: [] },
  startTransaction: async () => {
    throw new Error('DATABASE_URL is not set');
  },
};
