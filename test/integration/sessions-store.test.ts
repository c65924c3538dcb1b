import { HotStatements } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import { HotSessionStore, PrismaSessionStore, PrismaSweepStore } from '@curfew/sessions';
import { describeProofs } from '../contract/session-proofs-contract.js';
import { describeStore, type SeenEvent } from '../contract/session-store-contract.js';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';

const retention = { ended: seconds(86_400) };
const settings = {
  CURFEW_DATABASE_POOL_SIZE: '8',
  CURFEW_DATABASE_CONNECT_TIMEOUT: '20s',
  CURFEW_DATABASE_TRANSACTION_TIMEOUT: '20s',
};

const underTest = (database: TestDatabase) => {
  const sweeps = [database.prisma(settings), database.prisma(settings)].map(
    (prisma) => new PrismaSweepStore(prisma, retention),
  );
  return {
    sweep: sweeps[0]!,
    otherSweep: sweeps[1]!,
    events: () =>
      database.query<SeenEvent>(
        'SELECT type, session_id AS "sessionId", account_id AS "accountId", data FROM event ORDER BY xid, id',
      ),
    check: () => assertInvariants(database),
  };
};

const inPostgres = async () => {
  const database = await createTestDatabase();
  const node = () => new PrismaSessionStore(database.prisma(settings), retention);
  return { ...underTest(database), store: node(), other: node(), close: () => database.drop() };
};

const forBusyServers = async () => {
  const database = await createTestDatabase();
  const statements = [1, 2].map(() => new HotStatements(database.configuration(settings), 4));
  const limits = { inFlight: 2, largest: 64 };
  const node = (index: number) =>
    new HotSessionStore(database.prisma(settings), retention, statements[index]!, limits);
  return {
    ...underTest(database),
    store: node(0),
    other: node(1),
    async close() {
      await Promise.all(statements.map((one) => one.close()));
      await database.drop();
    },
  };
};

for (const describeContract of [describeStore, describeProofs]) {
  describeContract('in PostgreSQL', inPostgres);
  describeContract('in PostgreSQL, as busy servers use it', forBusyServers);
}
