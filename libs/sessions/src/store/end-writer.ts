import type { EndAnnouncer, NewEvent } from '@curfew/events';
import type { SilenceRecorder } from '@curfew/insight';
import {
  afterCommit,
  Batcher,
  type BatchLimits,
  isDatabaseUnavailable,
  type PrismaService,
  retrying,
  type Statements,
  statementsIn,
  type Transaction,
} from '@curfew/persistence';
import {
  type EndCall,
  type EndedRow,
  endedSession,
  endedSilence,
  endStatement,
  valuesOf,
} from './end-statement.js';
import { writeMassEnd } from './mass-end.js';
import type { End, EndedSession, MassEnd, Retention, WithEnd } from './session-store.js';

/** What ends of sessions are carried out with. */
export interface EndWriterParts {
  readonly prisma: PrismaService;
  /** Runs what needs no transaction around it. */
  readonly statements: Statements;
  readonly limits: BatchLimits;
  readonly announcer: EndAnnouncer;
  readonly retention: Retention;
  /** Counts silences; without one, nothing is counted. */
  readonly silences?: SilenceRecorder | undefined;
}

/**
 * Carries ends of sessions out and, once they are durable, has them announced. Acts that come together go together, as rotations do; each is
 * whole by itself.
 */
export class EndWriter {
  readonly #parts: EndWriterParts;
  readonly #batcher: Batcher<EndCall, readonly EndedSession[]>;

  constructor(parts: EndWriterParts) {
    this.#parts = parts;
    this.#batcher = new Batcher((calls) => this.#endTogether(calls), parts.limits, isDatabaseUnavailable);
  }

  /** Ends those that still live and, where that ends any, what goes with it; durable when it returns, or with its transaction. */
  async end(ends: readonly End[], along: WithEnd = {}): Promise<readonly EndedSession[]> {
    if (ends.length === 0) return [];
    const { events = [], all, transaction } = along;
    if (transaction) return this.#within(transaction, ends, events, all);
    if (!all) return this.#batcher.submit({ ends, events });
    const { prisma } = this.#parts;
    return retrying(() => prisma.$transaction((own) => this.#within(own, ends, events, all)));
  }

  /** Writes the entry that ends them all and ends the first of them; durable when it returns, or with `transaction`. */
  async endEverything(massEnd: MassEnd, transaction?: Transaction): Promise<readonly EndedSession[]> {
    const work = async (own: Transaction): Promise<readonly EndedSession[]> => {
      const first = await writeMassEnd(own, massEnd);
      afterCommit(own, () => this.#parts.announcer.all(massEnd));
      return this.end(first, { transaction: own });
    };
    return transaction ? work(transaction) : retrying(() => this.#parts.prisma.$transaction(work));
  }

  /** Ends sessions with the statements of a transaction that is not Prisma's. The function that it returns belongs after the commit. */
  async endOn(statements: Statements, ends: readonly End[]): Promise<() => void> {
    const rows = await this.#run(statements, [{ ends, events: [] }]);
    return () => this.#tell(rows);
  }

  async #endTogether(calls: readonly EndCall[]): Promise<readonly (readonly EndedSession[])[]> {
    const rows = await retrying(() => this.#run(this.#parts.statements, calls));
    this.#tell(rows);
    const outcomes: EndedSession[][] = calls.map(() => []);
    for (const row of rows) outcomes[row[0]]!.push(endedSession(row));
    return outcomes;
  }

  async #within(
    transaction: Transaction,
    ends: readonly End[],
    events: readonly NewEvent[],
    all: MassEnd | undefined,
  ): Promise<readonly EndedSession[]> {
    const rows = await this.#run(statementsIn(transaction), [{ ends, events }]);
    if (rows.length === 0) return [];
    afterCommit(transaction, () => this.#tell(rows));
    const ended = rows.map(endedSession);
    return all ? [...ended, ...(await this.endEverything(all, transaction))] : ended;
  }

  #run(statements: Statements, calls: readonly EndCall[]): Promise<EndedRow[]> {
    return statements.run<EndedRow>(endStatement, valuesOf(calls, this.#parts.retention));
  }

  #tell(rows: readonly EndedRow[]): void {
    this.#parts.announcer.sessions(rows.map(([, id]) => id));
    this.#parts.silences?.ended(rows.map(endedSilence));
  }
}
