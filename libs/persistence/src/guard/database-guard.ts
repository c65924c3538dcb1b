import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Statements } from '../statements.js';
import { AcknowledgedCommits } from './acknowledged.js';
import { type AcknowledgedMark, GuardBeat } from './guard-beat.js';
import { type Hearing, judge, type LossState, type Peer, serving, waitForPeers } from './judgement.js';
import { PeerMarks } from './peer-marks.js';
import { type DatabaseRefused, databaseLost, leftBehind, standbyRefused } from './refusal.js';
import { type DatabaseServer, historyOf, isInRecovery, readServer } from './server.js';
import type { Witness } from './witness.js';
import type { WitnessFiles } from './witness-files.js';

/** The parts of a guard; the functions must not throw. */
export interface GuardParts {
  /**
   * The files in which this process records the commits that were acknowledged to it; without them, the memory of the process and its peers
   * must do.
   */
  readonly files?: WitnessFiles | undefined;
  /** Told of every change: a refusal, or undefined when the database is served from again. */
  readonly onVerdict: (refusal: DatabaseRefused | undefined) => void;
  readonly onFailure: (error: unknown, subject: string) => void;
  /** Takes the step that follows a restore; without it an operator has to. */
  readonly takeStep?: (() => Promise<void>) | undefined;
}

/** A commit that takes longer does not go through: the disk is full, or no synchronous standby confirms. */
const maxCommitOverdueMs = 5_000;
/** A server that was seen as a primary this lately is not doubted because another connection reached a standby. */
const trustedForMs = 2_000;

/**
 * Knows whether the database may be served from. Every connection of a process is proven before its first use: a server in recovery counts as
 * no connection, and a server that this process has not seen must have everything that was acknowledged to this process, to the others of
 * this machine and to its peers. It costs a query per connection, and none per request: a failover ends all connections.
 */
export class DatabaseGuard {
  readonly #parts: GuardParts;
  readonly #commits = new AcknowledgedCommits();
  readonly #beat: GuardBeat;
  #node: string = randomUUID();
  #own: Witness | undefined;
  #instance = '';
  #writing: Promise<void> = Promise.resolve();
  #server: DatabaseServer | undefined;
  /** Read for each statement, so it is not put together anew. */
  #history: string | undefined;
  #judging: Promise<void> | undefined;
  #refusal: DatabaseRefused | undefined;
  #seenPrimaryAt = Number.NEGATIVE_INFINITY;
  #peers: readonly Peer[] = [];
  readonly #marksOfPeers = new PeerMarks();

  private constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#beat = new GuardBeat({
      node: () => this.#node,
      history: () => this.history,
      onState: (state, isRecovering) => this.#heard(state, isRecovering),
      onMark: (mark) => this.#marked(mark),
      onFailure: parts.onFailure,
    });
  }

  /** Makes a guard that remembers what its process wrote down before it was started again. */
  static async open(parts: GuardParts): Promise<DatabaseGuard> {
    const guard = new DatabaseGuard(parts);
    guard.#own = await parts.files?.own();
    guard.#node = guard.#own?.node ?? guard.#node;
    guard.#beat.continueFrom(guard.#own?.mark ?? 0);
    return guard;
  }

  /** Why nothing may be answered at the moment; undefined while the database is sound, as far as known. */
  get refusal(): DatabaseRefused | undefined {
    return this.#refusal;
  }

  /** The history that is served from. A connection to a server of another one is not used any more. */
  get history(): string | undefined {
    return this.#history;
  }

  /** Whether commits go through, as far as this process knows from its own. */
  get commits(): boolean {
    return this.#beat.overdueMs < maxCommitOverdueMs;
  }

  /** Begins to mark and to look, over these connections. */
  start(statements: Statements): void {
    this.#beat.start(statements);
  }

  /** Commits a last mark, which covers everything that was acknowledged before. */
  async stop(): Promise<void> {
    await this.#beat.stop();
    await this.#writing;
  }

  /** Takes note of a commit that was acknowledged; it began at a steady time. */
  acknowledged(beganAt: number, xid: string, position: string): void {
    if (!this.#server?.isDurable) return;
    this.#commits.add(beganAt, performance.now(), xid, position);
    this.#beat.committed();
  }

  /**
   * Proves a fresh connection, and answers which history it leads to.
   * @throws DatabaseRefused if what is behind it may not be served from
   */
  async admit(client: pg.ClientBase): Promise<string> {
    if (await isInRecovery(client)) throw this.#standby(standbyRefused());
    for (;;) {
      if (this.#judging) await this.#judging;
      // Known before this one is read: a position that another connection reads meanwhile lies further on, and that is no step back.
      const current = this.#server;
      const server = await readServer(client);
      if (this.#judging || this.#server !== current) continue;
      if (current && !this.#refusal && isSameStart(current, server)) {
        this.#seenPrimaryAt = performance.now();
        return historyOf(server);
      }
      if (current && current.system === server.system && server.timeline < current.timeline)
        throw this.#standby(leftBehind(server.timeline, current.timeline));
      this.#judging = this.#decide(server, client).finally(() => {
        this.#judging = undefined;
      });
    }
  }

  /** Takes note that every server of a list is a standby, so that there is no connection to prove; returns the refusal. */
  foundNoPrimary(refusal: DatabaseRefused): DatabaseRefused {
    return this.#standby(refusal);
  }

  async #decide(server: DatabaseServer, client: pg.ClientBase): Promise<void> {
    let refusal = await this.#refusalOf(server, client);
    if (refusal && this.#parts.takeStep) {
      this.#refuse(refusal);
      await this.#parts
        .takeStep()
        .catch((error: unknown) => this.#parts.onFailure(error, 'the step that follows a restore'));
      refusal = await this.#refusalOf(server, client);
    }
    if (refusal) throw this.#refuse(refusal);
    this.#accept();
  }

  /** Examines a server and, where nothing is missing, takes it for the one that is served from. */
  async #refusalOf(server: DatabaseServer, client: pg.ClientBase): Promise<DatabaseRefused | undefined> {
    const own = this.#testimony();
    const { refusal, state } = await judge(server, client, await this.#hearing(server, own));
    if (refusal) return refusal;
    if (this.#server && own && own.instance !== state.instance)
      return databaseLost('it is the database of another installation');
    return this.#takeOver(server, state, client);
  }

  async #hearing(server: DatabaseServer, own: Witness | undefined): Promise<Hearing> {
    const node = this.#node;
    // A server that may forget what it acknowledges is believed: nothing was promised on its word.
    if (!server.isDurable) return { node, witnesses: [], peers: [] };
    const others = ((await this.#parts.files?.all()) ?? []).filter((other) => other.node !== node);
    return { node, witnesses: own ? [own, ...others] : others, peers: this.#marksOfPeers.list() };
  }

  async #takeOver(
    server: DatabaseServer,
    state: LossState,
    client: pg.ClientBase,
  ): Promise<DatabaseRefused | undefined> {
    const before = this.#own;
    const history = historyOf(server);
    const isNew = before !== undefined && historyOf(before) !== history;
    if (isNew && before.system === server.system) await noteTimeline(server, client);
    const isRestored = (state.restoredAt ?? 0) > Math.max(before?.at ?? 0, state.now - 60_000);
    if (isRestored) this.#marksOfPeers.clear();
    this.#server = server;
    this.#history = history;
    this.#instance = state.instance;
    this.#commits.clear();
    await this.#beat.markOver(client);
    const isTakingOver = isNew || serving(state.peers).some((peer) => peer.server !== history);
    if (isRestored || !isTakingOver) return undefined;
    return waitForPeers(server, client, { node: this.#node, peers: isNew ? this.#peers : [] });
  }

  #accept(): void {
    this.#seenPrimaryAt = performance.now();
    if (!this.#refusal) return;
    this.#refusal = undefined;
    this.#parts.onVerdict(undefined);
  }

  #refuse(refusal: DatabaseRefused): DatabaseRefused {
    const isNews = this.#refusal?.kind !== refusal.kind;
    this.#refusal = refusal;
    if (isNews) this.#parts.onVerdict(refusal);
    return refusal;
  }

  #standby(refusal: DatabaseRefused): DatabaseRefused {
    if (performance.now() - this.#seenPrimaryAt > trustedForMs) this.#refuse(refusal);
    return refusal;
  }

  #heard({ now, lostSince, peers }: LossState, isRecovering: boolean): void {
    if (isRecovering) this.#refuse(standbyRefused());
    else if (lostSince !== null) this.#refuse(databaseLost('another process has found that'));
    else this.#seenPrimaryAt = performance.now();
    if (this.#refusal) return;
    this.#peers = serving(peers);
    for (const peer of peers) this.#marksOfPeers.hear(peer, now);
  }

  #marked({ mark, at, beganAt, xid, position }: AcknowledgedMark): void {
    const server = this.#server;
    if (!server?.isDurable) return;
    this.#commits.add(beganAt, performance.now(), xid, position, true);
    const { system, timeline } = server;
    this.#own = { node: this.#node, instance: this.#instance, system, timeline, mark, at, commits: [] };
    const testimony = this.#testimony();
    if (!testimony || !this.#parts.files) return;
    this.#writing = this.#writing
      .then(() => this.#parts.files?.write(testimony))
      .catch((error: unknown) => this.#parts.onFailure(error, 'writing down what was acknowledged'));
  }

  #testimony(): Witness | undefined {
    return this.#own && { ...this.#own, commits: this.#server ? this.#commits.list() : this.#own.commits };
  }
}

/** Keeps where a timeline began, which PostgreSQL tells only until its next start. */
async function noteTimeline({ system, timeline, recoveredTo }: DatabaseServer, client: pg.ClientBase) {
  if (recoveredTo === null) return;
  await client.query(
    `INSERT INTO wal_timeline (system, timeline, began_at) VALUES ($1, $2, '0/0'::pg_lsn + $3::numeric) ON CONFLICT DO NOTHING`,
    [system, timeline, recoveredTo.toString()],
  );
}

/** The same server since its last start, and no further back than it was. */
const isSameStart = (known: DatabaseServer, found: DatabaseServer): boolean =>
  historyOf(known) === historyOf(found) &&
  known.startedAt === found.startedAt &&
  known.position <= found.position;
