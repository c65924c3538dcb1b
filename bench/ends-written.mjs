import pg from 'pg';
import { cpuMilliseconds } from './machine/cpu.mjs';
import { WrongAnswers } from './measure.mjs';

/*
 * What the end of a session costs without the endpoint in front of it: the engine of this process, with its announcer, ends sessions on the
 * measured database. Many at a time, as when an operator ends thousands or everybody signs out, and one after the other. CPU of "the
 * server" is that of this process; WAL bytes have no full-page images in them where the pages were written since the last checkpoint.
 */
const widths = { 'end-many': 64, 'end-alone': 1 };

/** One row for each way of ending sessions. */
export async function measureEndsWritten({ subjects: [subject], cluster, options, progress }) {
  const engine = await openEngine(subject.environment.DATABASE_URL);
  try {
    const rows = [];
    for (const [path, width] of Object.entries(widths)) {
      const count = (options.quick ? 60 : 300) * (width === 1 ? 5 : width);
      await endAll(engine, await engine.begin(Math.ceil(count / 4)), width);
      rows.push({ path, ...(await measured(engine, cluster, await engine.begin(count), width)) });
      const { cpuMs, perSecond, walBytes } = rows.at(-1);
      progress(`${path}: ${cpuMs.toFixed(3)} CPU ms, ${Math.round(perSecond)}/s, ${Math.round(walBytes)} B`);
    }
    return rows;
  } finally {
    await engine.close();
  }
}

async function openEngine(url) {
  const [
    { loadConfiguration },
    { HotStatements, PrismaService },
    { EndAnnouncer },
    { EndWriter },
    { newId },
  ] = await Promise.all(
    ['config', 'persistence', 'events', 'sessions/store', 'tokens'].map((room) => import(`@curfew/${room}`)),
  );
  const { database } = loadConfiguration({ DATABASE_URL: url }, { keys: false });
  const [prisma, statements] = [new PrismaService(database, 1), new HotStatements(database, 4)];
  const announcer = new EndAnnouncer(statements, (error) => {
    throw error;
  });
  const limits = { inFlight: 2, largest: 64 };
  const ends = new EndWriter({ prisma, statements, limits, announcer, retention: { ended: 86_400 } });
  const client = new pg.Client(url);
  await client.connect();
  return {
    ends,
    announcer,
    query: async (text, values) => (await client.query(text, values)).rows,
    /** As many sessions as there shall be ends, copies of one that stands, each of an account of its own. */
    async begin(count) {
      const ids = Array.from({ length: count }, () => newId(Date.now()));
      await client.query(
        `INSERT INTO session SELECT (jsonb_populate_record(t.s, jsonb_build_object('id', u.id, 'account_id', gen_random_uuid()))).*
         FROM unnest($1::uuid[]) AS u(id), (SELECT s FROM session s WHERE ended_at IS NULL AND expires_at > now() LIMIT 1) t`,
        [ids],
      );
      return ids;
    },
    async close() {
      await client.end();
      await statements.close();
      await prisma.$disconnect();
    },
  };
}

async function endAll({ ends, announcer }, ids, width) {
  let next = 0;
  let ended = 0;
  const endSome = async () => {
    while (next < ids.length) {
      const id = ids[next++];
      const end = {
        id,
        reason: 'revoked_by_client',
        at: Date.now(),
        detail: { signals: { ip: '198.51.100.7' } },
      };
      const done = await ends.end([end]);
      ended += done.length;
    }
  };
  await Promise.all(Array.from({ length: width }, endSome));
  await announcer.settle();
  if (ended !== ids.length) throw new WrongAnswers(`${ended} of ${ids.length} sessions ended`);
}

async function measured(engine, cluster, ids, width) {
  const counted = async () =>
    (
      await engine.query(
        `SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 AS wal, pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS xid`,
      )
    )[0];
  const [before, postgres, own, began] = [
    await counted(),
    cpuMilliseconds(cluster.pid),
    process.cpuUsage(),
    performance.now(),
  ];
  await endAll(engine, ids, width);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(own);
  const serverCpuMs = (user + system) / 1000 / ids.length;
  const postgresCpuMs = (cpuMilliseconds(cluster.pid) - postgres) / ids.length;
  const after = await counted();
  return {
    cpuMs: serverCpuMs + postgresCpuMs,
    serverCpuMs,
    postgresCpuMs,
    perSecond: ids.length / seconds,
    walBytes: (after.wal - before.wal) / ids.length,
    commits: (after.xid - before.xid) / ids.length,
  };
}
