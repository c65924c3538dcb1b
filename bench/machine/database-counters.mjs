import pg from 'pg';

/*
 * What a block of load made PostgreSQL do. Only counters that are exact at once are used: transaction ids (one per
 * transaction that wrote), the position of the write-ahead log, and pg_stat_statements, which is switched on for the
 * counting block only, so that its own cost stays out of the timed ones.
 */

/** Opens the counters of one database; `start()` begins a count and `stop()` returns it. */
export async function openCounters(cluster, database) {
  const client = new pg.Client(cluster.url(database));
  await client.connect();
  await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  const track = async (/** @type {'all' | 'none'} */ what) => {
    await client.query(`ALTER SYSTEM SET pg_stat_statements.track = '${what === 'all' ? 'top' : 'none'}'`);
    await client.query('SELECT pg_reload_conf()');
    await new Promise((resolve) => setTimeout(resolve, 100));
  };
  const position = async () => {
    const { rows } = await client.query(
      `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid,
              (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint AS lsn`,
    );
    return { xid: Number(rows[0].xid), lsn: Number(rows[0].lsn) };
  };
  let before = { xid: 0, lsn: 0 };
  return {
    async start() {
      await track('all');
      await client.query('SELECT pg_stat_statements_reset()');
      before = await position();
    },
    async stop() {
      const after = await position();
      await track('none');
      const { rows } = await client.query(
        `SELECT s.calls::int, s.wal_fpi::int, s.wal_bytes::float8 AS wal, s.query FROM pg_stat_statements s
         JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
         WHERE s.query !~ 'pg_stat_statements|pg_snapshot_xmax|pg_reload_conf' ORDER BY s.calls DESC`,
      );
      return {
        statements: rows.reduce((sum, row) => sum + row.calls, 0),
        fullPageImages: rows.reduce((sum, row) => sum + row.wal_fpi, 0),
        commits: after.xid - before.xid,
        walBytes: after.lsn - before.lsn,
        byStatement: rows.map(({ calls, wal, query }) => ({
          calls,
          wal,
          query: query.replace(/\s+/g, ' ').trim(),
        })),
      };
    },
    /** Bytes per row of a table, with its indexes and TOAST. */
    async bytesPerRow(table) {
      const { rows } = await client.query(
        `SELECT pg_total_relation_size($1::regclass)::float8 AS bytes, (SELECT count(*) FROM ${pg.escapeIdentifier(table)}) AS n`,
        [table],
      );
      return rows[0].bytes / Math.max(1, Number(rows[0].n));
    },
    close: () => client.end(),
  };
}
