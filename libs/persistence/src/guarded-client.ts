import type { Duplex } from 'node:stream';
import { type Span, trace } from '@opentelemetry/api';
import pg from 'pg';
import type { DatabaseGuard } from './guard/database-guard.js';
import { type CommitPlace, PlacedQuery, placeText } from './guard/placed-query.js';
import { CommitUnconfirmed, DatabaseRefused, standbyRefused } from './guard/refusal.js';
import { isInRecovery } from './guard/server.js';
import type { ServerChoice } from './server-choice.js';
import { beginStatement, endStatement } from './statement-span.js';
import type { HotStatement } from './statements.js';

/** The pool gave up waiting while the server that takes writes was being looked for. */
class ConnectedTooLate extends Error {
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('timeout expired');
    this.name = 'ConnectedTooLate';
  }
}

/** The settings that a pool of ours hands to each of its clients, beside the driver's own. */
export interface GuardedConfig extends pg.ClientConfig {
  /** The choice of the server that takes writes, if there is a list of them. */
  readonly choice?: ServerChoice | undefined;
  /** Milliseconds without an answer after which the server is taken for dead. */
  readonly silenceMs?: number;
  readonly guard?: DatabaseGuard | undefined;
}

/** The beginnings of statements that change something, or end a transaction; our functions that change something are called by SELECT. */
const committing =
  /^\s*(begin|commit|rollback(?! to)|insert|update|delete|merge|with|select(?=\s+curfew_(?:seal|make|drop|erase|begin)_))\b/i;

/** A statement as it is given; `place` says where the place of its commit is found, if it is not to be asked for. */
interface AskedStatement {
  readonly text?: unknown;
  readonly place?: HotStatement['place'];
}

/**
 * A connection that is closed when the server has gone silent (a cut cable, a frozen host); its caller is told that it was terminated. The
 * driver's own `query_timeout` would hand the stuck connection to the next user, and keeps what each statement was given alive through
 * collections. Here one timer watches a connection that is used, and none an idle one.
 *
 * With a guard it also takes note of what is acknowledged, and is closed when the guard refuses the database.
 */
export class GuardedClient extends pg.Client {
  readonly #silenceMs: number;
  readonly #guard: DatabaseGuard | undefined;
  readonly #choice: ServerChoice | undefined;
  /** The history that this connection was proven to lead to. */
  #history: string | undefined;
  #unanswered = 0;
  #lastHeardOf = 0;
  #watch: NodeJS.Timeout | undefined;
  #inTransaction = false;
  /** A commit of this connection was not confirmed by the standby that it waited for. */
  #unconfirmed: CommitUnconfirmed | undefined;

  constructor(configuration: GuardedConfig = {}) {
    super(configuration);
    this.#silenceMs = configuration.silenceMs ?? 0;
    this.#guard = configuration.guard;
    this.#choice = configuration.choice?.isList ? configuration.choice : undefined;
    // A server may end a connection between two statements, or in the moment in which it begins, when whoever borrows it does not listen
    // yet; Node would end the process. Nothing is lost by it: the next statement fails.
    this.on('error', () => this.#choice?.doubt());
    this.on('notice', ({ routine }) => routine === 'SyncRepWaitForLSN' && this.#giveUpCommit());
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<pg.Client> | undefined {
    const connected = this.#choice ? this.#connectTo(this.#choice) : super.connect();
    if (!callback) return connected;
    connected.then(
      () => (callback as (error: Error | null) => void)(null),
      (error) => callback(error),
    );
    return undefined;
  }

  async #connectTo(choice: ServerChoice): Promise<pg.Client> {
    const url = await choice.current().catch((error: unknown) => {
      throw error instanceof DatabaseRefused && this.#guard ? this.#guard.foundNoPrimary(error) : error;
    });
    const { host, port } = new pg.Client({ connectionString: url });
    if (this.#stream.destroyed) throw new ConnectedTooLate();
    Object.assign(this, { host, port });
    try {
      return await super.connect();
    } catch (error) {
      choice.doubt();
      throw error;
    }
  }

  /** Proves the connection before its first use. @throws DatabaseRefused */
  async prove(): Promise<void> {
    try {
      if (this.#guard) this.#history = await this.#guard.admit(this);
      else if (await isInRecovery(this)) throw standbyRefused();
    } catch (error) {
      this.#choice?.doubt();
      throw error;
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: the driver's overloads are kept as they are, whatever the arguments
  override query = (...values: any[]): any => {
    const refusal = this.#history === undefined ? undefined : this.#refusal();
    if (refusal) return this.#refuse(refusal, values.at(-1));
    const span = trace.getActiveSpan() && beginStatement(values[0]);
    const commit = this.#history === undefined ? undefined : this.#commitIn(values[0]);
    if (commit) return this.#answered(values.at(-1), this.#placed(commit, values, this.#asked(span)));
    const callback = values.at(-1);
    const done = this.#asked(span);
    const isPlaced = (values[0] as AskedStatement).place === 'in its rows' && !this.#inTransaction;
    const told = isPlaced ? this.#noting(done) : done;
    if (typeof callback === 'function') values[values.length - 1] = telling(told, callback);
    const outcome = this.#ask(values);
    return outcome instanceof Promise ? acknowledged(outcome, told) : outcome;
  };

  #ask(values: readonly unknown[]): unknown {
    return (pg.Client.prototype.query as (...passed: unknown[]) => unknown).apply(this, values as unknown[]);
  }

  // The function that is handed to the driver must not close over the statement: the driver holds on to it, and the statement's values
  // would outlive collections with it.
  #asked(span: Span | undefined): Done {
    if (this.#unanswered === 0) this.#lastHeardOf = performance.now();
    this.#unanswered += 1;
    if (this.#silenceMs > 0) this.#watch ??= setTimeout(() => this.#look(), this.#silenceMs).unref();
    return (error) => {
      this.#unanswered -= 1;
      this.#lastHeardOf = performance.now();
      if (span) endStatement(span, error);
      return this.#unconfirmed;
    };
  }

  /** The guard's refusal, or that of a connection that leads to another server than the one that is served from. */
  #refusal(): DatabaseRefused | undefined {
    const guard = this.#guard!;
    return guard.refusal ?? (guard.history === this.#history ? undefined : standbyRefused());
  }

  #refuse(refusal: DatabaseRefused, callback: unknown): Promise<never> | undefined {
    this.#destroy();
    if (typeof callback !== 'function') return Promise.reject(refusal);
    process.nextTick(callback, refusal);
    return undefined;
  }

  /** Whether a statement commits: the end of a transaction, or a change outside of one. */
  #commitIn(asked: unknown): 'transaction' | 'statement' | undefined {
    const { text, place } = typeof asked === 'string' ? { text: asked } : (asked as AskedStatement);
    if (typeof text !== 'string' || place !== undefined) return undefined;
    const [, word] = committing.exec(text) ?? [];
    switch (word?.toLowerCase()) {
      case undefined:
        return undefined;
      case 'begin':
        this.#inTransaction = true;
        return undefined;
      case 'rollback':
        this.#inTransaction = false;
        return undefined;
      case 'commit':
        this.#inTransaction = false;
        return 'transaction';
      default:
        return this.#inTransaction ? undefined : 'statement';
    }
  }

  async #placed(
    commit: 'transaction' | 'statement',
    values: readonly unknown[],
    done: Done,
  ): Promise<unknown> {
    const beganAt = performance.now();
    try {
      const { place, result } =
        commit === 'transaction' ? await this.#commit() : await this.#runPlaced(values);
      const refusal = this.#note(beganAt, place);
      if (refusal) throw refusal;
      done();
      return result;
    } catch (error) {
      done(error);
      throw error;
    }
  }

  /** Commits, and asks for the place on the way. If that fails nobody knows what state the transaction is in, so the connection ends. */
  async #commit(): Promise<{ place: CommitPlace; result: unknown }> {
    try {
      const asked = this.#ask([{ text: `${placeText}; COMMIT`, rowMode: 'array' }]);
      const [placed, committed] = (await asked) as [
        pg.QueryArrayResult<[string | null, string | null]>,
        unknown,
      ];
      return { place: placed.rows[0]!, result: committed };
    } catch (error) {
      this.#destroy();
      throw error;
    }
  }

  #runPlaced(values: readonly unknown[]): Promise<{ place: CommitPlace | undefined; result: unknown }> {
    const [config, given] = values;
    const statement = typeof config === 'string' ? { text: config } : (config as object);
    const parameters = typeof given === 'function' ? undefined : given;
    return new Promise((resolve, reject) => {
      const query = new PlacedQuery({ ...statement, queryMode: 'extended' }, parameters, undefined);
      query.callback = (error: unknown, result: unknown) =>
        error ? reject(error) : resolve({ place: query.place, result });
      this.#ask([query]);
    });
  }

  #answered(callback: unknown, outcome: Promise<unknown>): Promise<unknown> | undefined {
    if (typeof callback !== 'function') return outcome;
    outcome.then(
      (result) => callback(undefined, result),
      (error) => callback(error),
    );
    return undefined;
  }

  /** Takes note of the place that a hot statement tells in the last two columns of each row. */
  #noting(done: Done): Done {
    const beganAt = performance.now();
    return (error, result) => {
      const unconfirmed = done(error);
      if (unconfirmed) return unconfirmed;
      const row = (result as pg.QueryArrayResult | undefined)?.rows.at(-1);
      return row && this.#history !== undefined ? this.#note(beganAt, [row.at(-2), row.at(-1)]) : undefined;
    };
  }

  /** Notes a commit. If the connection was given up meanwhile, it returns the reason, and the commit is not acknowledged to anybody. */
  #note(beganAt: number, place: CommitPlace | undefined): NotAcknowledged | undefined {
    const refusal = this.#unconfirmed ?? this.#refusal();
    const [xid, position] = place ?? [null, null];
    if (!refusal && xid !== null && position !== null) this.#guard!.acknowledged(beganAt, xid, position);
    return refusal;
  }

  #look(): void {
    this.#watch = undefined;
    if (this.#unanswered === 0) return;
    const left = this.#lastHeardOf + this.#silenceMs - performance.now();
    if (left > 0) this.#watch = setTimeout(() => this.#look(), Math.ceil(left)).unref();
    else this.#destroy();
  }

  /** The warning comes before the end of the statement, in the same piece of data or in an earlier one. */
  #giveUpCommit(): void {
    this.#unconfirmed = new CommitUnconfirmed();
    this.#destroy();
  }

  #destroy(): void {
    this.#stream.destroy();
  }

  get #stream(): Duplex {
    return (this as { connection: { stream: Duplex } }).connection.stream;
  }
}

/** Why a commit is acknowledged to nobody although the server calls it done. */
type NotAcknowledged = DatabaseRefused | CommitUnconfirmed;

/** Takes note of a result; an error that it returns is told instead of the result. */
type Done = (error?: unknown, result?: unknown) => NotAcknowledged | undefined;

/** The result of a statement, unless it is acknowledged to nobody. */
const acknowledged = (outcome: Promise<unknown>, done: Done): Promise<unknown> =>
  outcome.then(
    (result) => {
      const refusal = done(undefined, result);
      if (refusal) throw refusal;
      return result;
    },
    (error) => {
      done(error);
      throw error;
    },
  );

const telling =
  (done: Done, callback: (error: unknown, result: unknown) => void) => (error: unknown, result: unknown) => {
    const refusal = done(error, result);
    callback(error ?? refusal, result);
  };
