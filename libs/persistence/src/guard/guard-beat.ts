import { untilBeat } from '@curfew/clock';
import type pg from 'pg';
import { isDatabaseUnavailable } from '../failures.js';
import { type HotStatement, milliseconds, type Statements } from '../statements.js';
import { type LossState, lossStateQuestion, type Peer } from './judgement.js';
import { forgottenAfterDays } from './testimony.js';

/** The parts of a beat. */
export interface GuardBeatParts {
  readonly node: () => string;
  /** The history that is served from; undefined before the first connection. */
  readonly history: () => string | undefined;
  readonly onState: (state: LossState, isRecovering: boolean) => void;
  readonly onMark: (mark: AcknowledgedMark) => void;
  readonly onFailure: (error: unknown, subject: string) => void;
}

/** A mark that the database acknowledged. */
export interface AcknowledgedMark {
  readonly mark: number;
  readonly beganAt: number;
  readonly xid: string;
  readonly position: string;
  /** When it was made, by the clock of the database, in milliseconds since the epoch. */
  readonly at: number;
}

const betweenLooksMs = 1_000;
/** A process that commits nothing else marks a few times a minute, so that it knows whether commits go through. */
const betweenIdleMarksMs = 15_000;

const markText = `
  INSERT INTO node_mark (node, mark, server, marked_at) VALUES ($1::uuid, $2::bigint, $3, clock_timestamp())
  ON CONFLICT (node) DO UPDATE SET mark = GREATEST(node_mark.mark, excluded.mark), server = excluded.server, marked_at = excluded.marked_at
  RETURNING pg_current_xact_id()::text, pg_current_wal_insert_lsn()::text, ${milliseconds('marked_at')}`;
const markStatement: HotStatement = { name: 'node_mark', text: markText, place: 'noted by its caller' };
type MarkRow = [xid: string, position: string, at: number];

const lookStatement: HotStatement = {
  name: 'loss_state',
  text: `SELECT s.*, pg_is_in_recovery() FROM (${lossStateQuestion}) AS s`,
};
type LookRow = [
  instance: string,
  now: number,
  lostSince: number | null,
  restoredAt: number | null,
  peers: Peer[],
  isRecovering: boolean,
];

const pruneStatement: HotStatement = {
  name: 'node_mark_prune',
  text: `DELETE FROM node_mark WHERE marked_at < clock_timestamp() - interval '${forgottenAfterDays} days'`,
};

/**
 * Looks once a second whether another process has found a loss, and marks: once a second while commits go through and once more afterwards,
 * else every 15 seconds. A mark shows that a commit goes through, and closes what was acknowledged before it. It has the next number only
 * when the one before it was acknowledged: so a number tells its readers that every lower one was (ADR 112).
 */
export class GuardBeat {
  readonly #parts: GuardBeatParts;
  readonly #stopping = new AbortController();
  #statements: Statements | undefined;
  #running: Promise<void> = Promise.resolve();
  #mark = 0;
  #markedAt = Number.NEGATIVE_INFINITY;
  #hasCommitted = false;
  /** The last mark closed commits, and no other process knows yet that it was acknowledged. */
  #isUntold = false;
  #dueSince: number | undefined;

  constructor(parts: GuardBeatParts) {
    this.#parts = parts;
  }

  /** How many milliseconds a mark has been due. */
  get overdueMs(): number {
    return this.#dueSince === undefined ? 0 : performance.now() - this.#dueSince;
  }

  /** Goes on counting where the process stopped before it was started again. */
  continueFrom(mark: number): void {
    this.#mark = mark;
  }

  /** A commit went through that the next mark will close. */
  committed(): void {
    this.#hasCommitted = true;
  }

  start(statements: Statements): void {
    this.#statements = statements;
    this.#running = this.#run(statements);
  }

  /**
   * Commits the last mark of this process, without a server: nobody needs to wait for what it finds. Another one follows a mark that closed
   * commits, because nobody else will ever tell the others that it was acknowledged.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const statements = this.#statements;
    if (!statements) return;
    const mark = () => this.#markWith(null, (values) => statements.run<MarkRow>(markStatement, values));
    try {
      await mark();
      if (this.#isUntold) await mark();
    } catch (error) {
      this.#failed('marking')(error);
    }
  }

  /** Marks over a connection that is not proven yet. */
  async markOver(client: pg.ClientBase): Promise<void> {
    await this.#markWith(this.#parts.history() ?? null, async (values) => {
      const { rows } = await client.query({ text: markText, values: [...values], rowMode: 'array' });
      return rows as MarkRow[];
    });
  }

  async #run(statements: Statements): Promise<void> {
    const { signal } = this.#stopping;
    await statements.run(pruneStatement, []).catch(this.#failed('forgetting processes that are gone'));
    while (!signal.aborted) {
      await untilBeat(betweenLooksMs, signal);
      if (signal.aborted) return;
      await this.#look(statements).catch(this.#failed('looking after the database'));
      if (this.#isDue())
        await this.#markWith(this.#parts.history() ?? null, (values) =>
          statements.run<MarkRow>(markStatement, values),
        ).catch(this.#failed('marking'));
    }
  }

  async #look(statements: Statements): Promise<void> {
    const [row] = await statements.run<LookRow>(lookStatement, [this.#parts.node()]);
    const [instance, now, lostSince, restoredAt, peers, isRecovering] = row!;
    this.#parts.onState({ instance, now, lostSince, restoredAt, peers }, isRecovering);
  }

  /** A mark that did not go through stays due: until one does, nobody knows whether commits do. */
  #isDue(): boolean {
    if (this.#hasCommitted || this.#isUntold || this.#dueSince !== undefined) return true;
    return performance.now() - this.#markedAt > betweenIdleMarksMs;
  }

  async #markWith(
    history: string | null,
    run: (values: readonly unknown[]) => Promise<readonly MarkRow[]>,
  ): Promise<void> {
    const beganAt = performance.now();
    this.#dueSince ??= beganAt;
    const closes = this.#hasCommitted;
    this.#hasCommitted = false;
    const mark = this.#mark + 1;
    const [row] = await run([this.#parts.node(), mark, history]).catch((error: unknown) => {
      // The commits that it would have closed are closed by the next one.
      this.#hasCommitted ||= closes;
      throw error;
    });
    const [xid, position, at] = row!;
    this.#mark = Math.max(this.#mark, mark);
    this.#isUntold = closes;
    this.#dueSince = undefined;
    this.#markedAt = performance.now();
    this.#parts.onMark({ mark, beganAt, xid, position, at: Math.round(at) });
  }

  /** A failure because the database cannot be asked shows everywhere else. */
  #failed(subject: string) {
    return (error: unknown): void => {
      if (!isDatabaseUnavailable(error)) this.#parts.onFailure(error, subject);
    };
  }
}
