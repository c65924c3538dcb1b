import { HotStatements } from '@curfew/persistence';
import { describeProofs } from '../contract/session-proofs-contract.js';
import { describeSiblings } from '../contract/session-siblings-contract.js';
import { describeStore } from '../contract/session-store-contract.js';
import type { SeenEvent } from '../contract/session-store-under-test.js';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';
import { sessionStores } from '../support/session-stores.js';

const settings = {
  CURFEW_DATABASE_POOL_SIZE: '8',
  CURFEW_DATABASE_CONNECT_TIMEOUT: '20s',
  CURFEW_DATABASE_TRANSACTION_TIMEOUT: '20s',
};

async function twoNodes(database: TestDatabase, statements: readonly HotStatements[]) {
  const node = (index: number) => {
    const own = statements[index];
    return sessionStores(database.prisma(settings), own ? { statements: own } : {});
  };
  const nodes = [node(0), node(1)] as const;
  return {
    store: nodes[0].store,
    other: nodes[1].store,
    sweep: nodes[0].sweep,
    otherSweep: nodes[1].sweep,
    events: () =>
      database.query<SeenEvent>(
        'SELECT type, session_id AS "sessionId", account_id AS "accountId", data FROM event ORDER BY xid, id',
      ),
    check: () => assertInvariants(database),
    async close() {
      await Promise.all(nodes.map(({ announcer }) => announcer.settle()));
      await Promise.all(statements.map((one) => one.close()));
      await database.drop();
    },
  };
}

const inPostgres = async () => twoNodes(await createTestDatabase(), []);

const forBusyServers = async () => {
  const database = await createTestDatabase();
  const statements = [1, 2].map(() => new HotStatements(database.configuration(settings), 4));
  return twoNodes(database, statements);
};

for (const describeContract of [describeStore, describeProofs, describeSiblings]) {
  describeContract('in PostgreSQL', inPostgres);
  describeContract('in PostgreSQL, as busy servers use it', forBusyServers);
}
