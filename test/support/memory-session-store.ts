import type { NewEvent } from '@curfew/events';
import { type Instant, isPast, latest, plus, type SessionId } from '@curfew/session-policy';
import { steppedUp, stepUpOutstanding } from '@curfew/session-policy/lifecycle';
import { type NotBefore } from '@curfew/session-policy/standing';
import { sessionEvent } from '@curfew/sessions';
import {
  type AcceptedStepUp,
  type ActingClients,
  type Activity,
  type Alongside,
  AuthorizationEnded,
  type End,
  type EndDetail,
  type EndedSession,
  type FoundSession,
  type Keeping,
  type MassEnd,
  type ProofRecord,
  ProofUsedBefore,
  type Retention,
  type Rotation,
  type SessionLimit,
  SessionStore,
  type StoredSession,
  TooManySessions,
  type WithEnd,
} from '@curfew/sessions/store';
import { togetherEvent } from '../../libs/sessions/src/store/mass-end.js';

/** A session with what only its store needs to know. */
export interface MemoryRow {
  session: StoredSession;
  checkAfter: Instant;
  /** A sweep has it in hand. */
  taken?: boolean;
}

/** A mass end with what the sweeper notes of it. */
export interface MemoryEntry extends NotBefore {
  readonly target: string;
  readonly detail: EndDetail;
  settledAt: Instant | null;
}

const covers = ({ kind, target, at }: MemoryEntry, session: StoredSession): boolean =>
  session.signedInAt <= at &&
  target === (kind === 'account' ? session.accountId : kind === 'client' ? session.clientId : '');

/**
 * Sessions in memory, by the same contract as those in PostgreSQL; they show what the contract means without a database.
 * Every change happens between two turns of the event loop, so it is whole and comes before or after any other.
 */
export class MemorySessionStore extends SessionStore {
  /** Everything recorded so far, in its order. */
  readonly events: NewEvent[] = [];
  readonly rows = new Map<SessionId, MemoryRow>();
  readonly entries = new Map<string, MemoryEntry>();
  readonly revoked = new Map<string, Instant>();
  readonly proofs = new Map<string, Instant>();

  constructor(private readonly retention: Retention) {
    super();
  }

  override async read(
    id: SessionId,
    accessTokenHash?: Uint8Array,
    acting?: ActingClients,
  ): Promise<FoundSession | undefined> {
    const row = this.rows.get(id);
    if (!row) return undefined;
    const notBefore = this.entriesAgainst(row.session).map(({ kind, at, reason }) => ({ kind, at, reason }));
    const isOfActor = ({ kind, target, at }: MemoryEntry) =>
      acting !== undefined &&
      acting.issuedAt <= at &&
      (kind === 'everyone' || (kind === 'client' && acting.ids.includes(target)));
    const tokenRevoked =
      (accessTokenHash !== undefined && this.revoked.has(keyOf(accessTokenHash))) ||
      [...this.entries.values()].some(isOfActor);
    return { session: row.session, notBefore, tokenRevoked };
  }

  override async start(
    session: StoredSession,
    limit: SessionLimit,
    alongside: Alongside,
    stepUp?: AcceptedStepUp,
  ): Promise<readonly EndedSession[]> {
    await alongside(undefined);
    const [entry] = this.entriesAgainst(session).sort((a, b) => a.at - b.at);
    if (entry) throw new AuthorizationEnded(entry.reason);
    const ended = this.makeRoom(session, limit);
    this.rows.set(session.id, { session, checkAfter: session.expiresAt });
    const { offline, resources, baseline: signals } = session;
    const told = { offline, resources, signals };
    this.events.push(sessionEvent(session, 'session.started', told, session.startedAt));
    if (stepUp) this.heal(stepUp, session.startedAt);
    return ended;
  }

  override async rotate({
    id,
    fromGeneration,
    at,
    tokenHash,
    successorSeal,
    siblings = 0,
    proof,
    ...clock
  }: Rotation): Promise<boolean> {
    this.record(proof, at);
    const session = this.changeable(id, fromGeneration, at);
    if (!session) return false;
    const next = {
      generation: fromGeneration + 1,
      retries: 0,
      siblings,
      rotatedAt: at,
      tokenHash,
      successorSeal,
    };
    this.change({ ...moved(session, clock), ...next });
    return true;
  }

  override async keep({ id, generation, at, proof, ...clock }: Keeping): Promise<boolean> {
    this.record(proof, at);
    const session = this.changeable(id, generation, at);
    if (session) this.change(moved(session, clock));
    return session !== undefined;
  }

  override async countRetry(id: SessionId, generation: number, retries: number): Promise<boolean> {
    const session = this.standing(id, generation);
    if (!session || session.retries !== retries) return false;
    this.change({ ...session, retries: retries + 1 });
    return true;
  }

  override async countSibling(
    id: SessionId,
    generation: number,
    limit: number,
    events: readonly NewEvent[],
  ): Promise<boolean> {
    const session = this.standing(id, generation);
    if (!session || session.siblings >= limit || this.entriesAgainst(session).length > 0) return false;
    this.change({ ...session, siblings: session.siblings + 1 });
    this.events.push(...events);
    return true;
  }

  override async stands(id: SessionId, generation: number): Promise<boolean> {
    const session = this.standing(id, generation);
    return session !== undefined && this.entriesAgainst(session).length === 0;
  }

  override async touch(activities: readonly Activity[]): Promise<void> {
    for (const { id, at, expiresAt, mark } of activities) {
      const session = this.rows.get(id)?.session;
      if (!session || session.ended || isPast(session.expiresAt, at)) continue;
      this.change({
        ...session,
        lastActiveAt: latest(session.lastActiveAt, at),
        expiresAt: latest(session.expiresAt, expiresAt),
        shadowEnd: mark?.at ?? session.shadowEnd,
      });
    }
  }

  override async requireStepUp(id: SessionId, at: Instant, events: readonly NewEvent[]): Promise<void> {
    const session = this.rows.get(id)?.session;
    if (!session || session.ended || stepUpOutstanding(session)) return;
    this.change({ ...session, stepUpRequiredAt: at });
    this.events.push(...events);
  }

  override async end(ends: readonly End[], along: WithEnd = {}): Promise<readonly EndedSession[]> {
    const ended = this.endNow(ends);
    if (ended.length === 0) return [];
    this.events.push(...(along.events ?? []));
    return along.all ? [...ended, ...this.endAllNow(along.all)] : ended;
  }

  override async endAll(massEnd: MassEnd): Promise<readonly EndedSession[]> {
    return this.endAllNow(massEnd);
  }

  override async revokeAccessToken(
    tokenHash: Uint8Array,
    expiresAt: Instant,
    revoked: NewEvent,
  ): Promise<void> {
    if (this.revoked.has(keyOf(tokenHash))) return;
    this.revoked.set(keyOf(tokenHash), expiresAt);
    this.events.push(revoked);
  }

  /** The mass ends that kill this session. */
  entriesAgainst(session: StoredSession): MemoryEntry[] {
    return [...this.entries.values()].filter((entry) => covers(entry, session));
  }

  /** Ends those that still live, each with its event. */
  endNow(ends: readonly End[]): EndedSession[] {
    return ends.flatMap(({ id, reason, at, detail, ifLastActiveAt }) => {
      const row = this.rows.get(id);
      const session = row?.session;
      if (!row || !session || session.ended) return [];
      if (ifLastActiveAt !== undefined && session.lastActiveAt > ifLastActiveAt) return [];
      row.checkAfter = plus(session.absoluteDeadline, this.retention.ended);
      this.change({ ...session, ended: { at, reason } });
      this.events.push(sessionEvent(session, 'session.ended', { ...detail, reason }, at));
      return [{ id, accountId: session.accountId, clientId: session.clientId, reason, at }];
    });
  }

  private endAllNow(massEnd: MassEnd): EndedSession[] {
    const { kind, target, reason, at, detail } = massEnd;
    const key = `${kind}:${target}`;
    const known = this.entries.get(key);
    const later = known && known.at > at ? known : { kind, target, reason, at, detail };
    this.entries.set(key, { ...later, settledAt: null });
    this.events.push(togetherEvent(massEnd));
    if (kind === 'everyone') return [];
    const killed = [...this.rows.values()].filter(({ session }) =>
      covers({ ...massEnd, settledAt: null }, session),
    );
    return this.endNow(killed.map(({ session }) => ({ id: session.id, reason, at, detail })));
  }

  private makeRoom(session: StoredSession, { most, whenFull }: SessionLimit): EndedSession[] {
    if (most === null) return [];
    const live = [...this.rows.values()]
      .map((row) => row.session)
      .filter((other) => other.accountId === session.accountId && !other.ended)
      .filter(
        (other) => !isPast(other.expiresAt, session.startedAt) && this.entriesAgainst(other).length === 0,
      )
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const surplus = live.slice(0, Math.max(0, live.length - most + 1));
    if (surplus.length > 0 && whenFull === 'refuse_new') throw new TooManySessions(most);
    const detail = { because: session.id };
    return this.endNow(
      surplus.map(({ id }) => ({ id, reason: 'session_limit', at: session.startedAt, detail })),
    );
  }

  private heal(stepUp: AcceptedStepUp, now: Instant): void {
    const { accountId, clientId, browserSessionUid, authenticatedAt, signals } = stepUp;
    for (const { session } of this.rows.values()) {
      const { stepUpRequiredAt: demanded } = session;
      const isMeant =
        session.accountId === accountId &&
        session.clientId === clientId &&
        session.browserSessionUid === browserSessionUid;
      if (!isMeant || session.ended || isPast(session.expiresAt, now)) continue;
      if (demanded === null || !stepUpOutstanding(session) || demanded > authenticatedAt) continue;
      this.change({
        ...steppedUp(session, signals, now),
        steppedUpAt: latest(demanded, authenticatedAt),
      });
      this.events.push(sessionEvent(session, 'session.stepped_up', { signals }, now));
    }
  }

  private record(proof: ProofRecord | undefined, now: Instant): void {
    if (!proof) return;
    const key = `${proof.kind} ${keyOf(proof.idHash)}`;
    const known = this.proofs.get(key);
    if (known !== undefined && !isPast(known, now)) throw new ProofUsedBefore();
    this.proofs.set(key, proof.expiresAt);
  }

  private standing(id: SessionId, generation: number): StoredSession | undefined {
    const session = this.rows.get(id)?.session;
    return session && !session.ended && session.generation === generation ? session : undefined;
  }

  private changeable(id: SessionId, generation: number, at: Instant): StoredSession | undefined {
    const session = this.standing(id, generation);
    return session && !isPast(session.expiresAt, at) ? session : undefined;
  }

  private change(session: StoredSession): void {
    this.rows.get(session.id)!.session = session;
  }
}

const keyOf = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

const moved = (
  session: StoredSession,
  { lastActiveAt, expiresAt, mark }: Pick<Rotation, 'lastActiveAt' | 'expiresAt' | 'mark'>,
): StoredSession => ({
  ...session,
  lastActiveAt: latest(session.lastActiveAt, lastActiveAt),
  expiresAt: session.lastActiveAt > lastActiveAt ? latest(session.expiresAt, expiresAt) : expiresAt,
  shadowEnd: mark?.at ?? session.shadowEnd,
});
