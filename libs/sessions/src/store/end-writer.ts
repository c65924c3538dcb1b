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
  waitForStandby,
} from '@curfew/persistence';
import {
  type BrowserSessionEnd,
  type EndCall,
  type EndedRow,
  endedSession,
  endedSilences,
  endOf,
} from './end-statement.js';
import { holdJointEnds, type JointEnd } from './joint-ends.js';
import { writeMassEnd } from './mass-end.js';
import type { End, EndedSession, MassEnd, Retention, WithEnd } from './session-store.js';

/** The parts with which ends of sessions are carried out. */
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

/** A browser session that an act ended; others may have been ended before. */
export interface EndedBrowserSession {
  readonly uid: string;
  readonly accountId: string;
}

/** Everything one act has ended. */
export interface EndOutcome {
  readonly sessions: readonly EndedSession[];
  readonly browserSessions: readonly EndedBrowserSession[];
}

/**
 * Carries ends of sessions out and, once they are durable, has them announced. Acts that come together go together, as rotations do; each is
 * whole by itself. An act that finds nothing left to end, or that names nothing because nothing was found, is answered when the end that
 * came first is durable, wherever that was made: its wait for a standby may have been cancelled (ADR 111).
 */
export class EndWriter {
  readonly #parts: EndWriterParts;
  readonly #alone: Batcher<EndCall, EndOutcome>;
  readonly #jointly: Batcher<JointEnd, EndOutcome>;

  constructor(parts: EndWriterParts) {
    const { limits } = parts;
    this.#parts = parts;
    this.#alone = new Batcher((calls) => this.#endTogether(calls), limits, isDatabaseUnavailable);
    this.#jointly = new Batcher((acts) => this.#endJointly(acts), limits, isDatabaseUnavailable);
  }

  /** Ends those that still live and, where that ends any, what goes with it; durable when it returns, or with its transaction. */
  async end(ends: readonly End[], along: WithEnd = {}): Promise<readonly EndedSession[]> {
    const { events = [], all, transaction } = along;
    if (transaction) return this.#within(transaction, ends, events, all);
    if (!all) return (await this.#alone.submit({ ends, events })).sessions;
    const { prisma } = this.#parts;
    return retrying(() => prisma.$transaction((own) => this.#within(own, ends, events, all)));
  }

  /** Ends sessions with the browsers they came of, or browsers with what they signed in; in one commit, or with `transaction`. */
  async endJointly(act: JointEnd, transaction?: Transaction): Promise<EndOutcome> {
    if (!transaction) return this.#jointly.submit(act);
    const statements = statementsIn(transaction);
    const rows = await this.#runHeld(statements, [act]);
    afterCommit(transaction, () => this.#tell(rows, []));
    return outcomeOf(rows);
  }

  /** Ends those of these browser sessions that have not ended, and nothing else; durable when it returns, or with `transaction`. */
  async endBrowsers(
    browserEnds: readonly BrowserSessionEnd[],
    transaction?: Transaction,
  ): Promise<readonly EndedBrowserSession[]> {
    if (browserEnds.length === 0) return [];
    const statements = transaction ? statementsIn(transaction) : this.#parts.statements;
    return outcomeOf(await this.#run(statements, [{ ends: [], browserEnds, events: [] }])).browserSessions;
  }

  /** Writes the entry that ends them all and ends the first of them; durable when it returns, or with `transaction`. */
  async endEverything(massEnd: MassEnd, transaction?: Transaction): Promise<readonly EndedSession[]> {
    const work = async (own: Transaction): Promise<readonly EndedSession[]> => {
      const first = await writeMassEnd(own, massEnd);
      afterCommit(own, () => this.#parts.announcer.all(massEnd));
      // The entry is a change, for whose commit everybody waits.
      return first.length === 0 ? [] : this.end(first, { transaction: own });
    };
    return transaction ? work(transaction) : retrying(() => this.#parts.prisma.$transaction(work));
  }

  /** Ends them with the statements of a transaction that is not Prisma's. The function that it returns belongs after the commit. */
  async endOn(statements: Statements, act: Partial<EndCall>): Promise<() => void> {
    const call = { ends: [], events: [], ...act };
    if (isEmpty(call)) return () => {};
    const rows = await this.#run(statements, [call]);
    return () => this.#tell(rows, call.ends);
  }

  async #endTogether(calls: readonly EndCall[]): Promise<readonly EndOutcome[]> {
    const rows = await retrying(() => this.#run(this.#parts.statements, calls));
    this.#tell(
      rows,
      calls.flatMap(({ ends }) => ends),
    );
    return outcomesOf(rows, calls.length);
  }

  async #endJointly(acts: readonly JointEnd[]): Promise<readonly EndOutcome[]> {
    const rows = await retrying(() =>
      this.#parts.prisma.prepared(async (run) => this.#runHeld({ run }, acts)),
    );
    this.#tell(rows, []);
    return outcomesOf(rows, acts.length);
  }

  async #within(
    transaction: Transaction,
    ends: readonly End[],
    events: readonly NewEvent[],
    all: MassEnd | undefined,
  ): Promise<readonly EndedSession[]> {
    const rows = await this.#run(statementsIn(transaction), [{ ends, events }]);
    if (rows.length === 0) return [];
    afterCommit(transaction, () => this.#tell(rows, ends));
    const ended = rows.map(endedSession);
    return all ? [...ended, ...(await this.endEverything(all, transaction))] : ended;
  }

  async #run(statements: Statements, calls: readonly EndCall[]): Promise<EndedRow[]> {
    const rows = calls.every(isEmpty) ? [] : await this.#ended(statements, calls);
    if (rows.length === 0) await waitForStandby(statements);
    return rows;
  }

  #ended(statements: Statements, calls: readonly EndCall[]): Promise<EndedRow[]> {
    const { statement, values } = endOf(calls, this.#parts.retention);
    return statements.run<EndedRow>(statement, values);
  }

  /** The same for what these acts hold; those that find nothing to hold have ended nothing either. */
  async #runHeld(statements: Statements, acts: readonly JointEnd[]): Promise<EndedRow[]> {
    return this.#run(statements, await holdJointEnds(statements, acts));
  }

  #tell(rows: readonly EndedRow[], ends: readonly End[]): void {
    const sessions = rows.filter(([, uid]) => uid === null);
    this.#parts.announcer.sessions(sessions.map(([, , id]) => id));
    this.#parts.silences?.ended(endedSilences(sessions, ends));
  }
}

const isEmpty = ({ ends, browserEnds = [] }: EndCall): boolean => ends.length + browserEnds.length === 0;

/** The sessions that ended, for each of this number of acts. */
function outcomesOf(rows: readonly EndedRow[], acts: number): EndOutcome[] {
  const rowsOf: EndedRow[][] = Array.from({ length: acts }, () => []);
  for (const row of rows) rowsOf[row[0]]!.push(row);
  return rowsOf.map(outcomeOf);
}

const outcomeOf = (rows: readonly EndedRow[]): EndOutcome => ({
  sessions: rows.filter(([, uid]) => uid === null).map(endedSession),
  browserSessions: rows.flatMap(([, uid, , accountId]) => (uid === null ? [] : [{ uid, accountId }])),
});
