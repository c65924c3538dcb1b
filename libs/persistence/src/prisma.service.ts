import type { DatabaseConfiguration } from '@curfew/config';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { takeTasks } from './after-commit.js';
import { type Prisma, PrismaClient } from './generated/client.js';
import type { DatabaseGuard } from './guard/database-guard.js';
import { runOn } from './hot-statements.js';
import { type PoolLoad, poolLoad, poolSettings } from './pool.js';
import { preparedTransaction, type RunStatement } from './prepared-transaction.js';
import type { HotStatement, Statements } from './statements.js';

/** A client inside one transaction; a store's function takes it when it must join its caller's. */
export type Transaction = Prisma.TransactionClient;

type Options = Parameters<PrismaClient['$transaction']>[1];

/** The database. One per process, and a second one, with a pool of its own, where a flood elsewhere must not starve a reader. */
@Injectable()
export class PrismaService extends PrismaClient implements OnModuleDestroy, Statements {
  /** How many connections there are, how many have nothing to do, and how many statements wait for one. */
  readonly load: () => PoolLoad;
  /** A transaction of prepared statements on the same connections, for work on very many rows that is not worth a Prisma call each. */
  readonly prepared: <T>(work: (run: RunStatement) => Promise<T>) => Promise<T>;

  /** Prepared statements on the same connections, for what is asked so often that a Prisma call each is too much. */
  readonly direct: Statements;

  /** `poolSize` replaces the configured number of connections. */
  constructor(configuration: DatabaseConfiguration, poolSize?: number, guard?: DatabaseGuard) {
    const pool = new pg.Pool(poolSettings(configuration, poolSize, guard));
    // A connection lost while idle is replaced at the next use; the error belongs to nobody.
    pool.on('error', () => {});
    super({
      adapter: new PrismaPg(pool, { disposeExternalPool: true }),
      transactionOptions: {
        maxWait: configuration.connectTimeoutMs,
        timeout: configuration.transactionTimeoutMs,
      },
      errorFormat: 'minimal',
    });
    this.load = () => poolLoad(pool);
    this.direct = { run: (statement, values) => runOn(pool, statement, values) };
    this.prepared = (work) => preparedTransaction(pool, work);
  }

  /** As the client has it; a transaction that a function makes takes tasks for the time after it (`afterCommit`). */
  override $transaction<R>(work: (transaction: Transaction) => Promise<R>, options?: Options): Promise<R>;
  // biome-ignore lint/suspicious/noExplicitAny: the client's other overload is kept as it is
  override $transaction(work: any[], options?: Options): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: both overloads together
  override async $transaction(work: any, options?: Options): Promise<any> {
    if (typeof work !== 'function') return super.$transaction(work, options);
    let carryOut = (): void => {};
    const outcome = await super.$transaction((transaction) => {
      carryOut = takeTasks(transaction);
      return work(transaction);
    }, options);
    carryOut();
    return outcome;
  }

  /** Runs a hot statement where nothing is hot; its columns must have names of their own. */
  run<Row extends unknown[]>(statement: HotStatement, values: readonly unknown[]): Promise<Row[]> {
    return statementsIn(this).run(statement, values);
  }

  /** Closes the pool when the application stops. */
  async onModuleDestroy(): Promise<void> {
    await this.$disconnect();
  }
}

/** Runs hot statements with a client of Prisma, say inside a transaction; their columns must have names of their own. */
export const statementsIn = (client: Pick<Transaction, '$queryRawUnsafe'>): Statements => ({
  async run<Row extends unknown[]>({ text }: HotStatement, values: readonly unknown[]): Promise<Row[]> {
    const rows = await client.$queryRawUnsafe<Record<string, unknown>[]>(text, ...values);
    return rows.map((row) => Object.values(row) as Row);
  },
});
