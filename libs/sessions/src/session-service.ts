import type { EventLog, NewEvent } from '@curfew/events';
import { SilenceRecorder } from '@curfew/insight';
import type { Transaction } from '@curfew/persistence';
import {
  type EndReason,
  type EventData,
  type Instant,
  type RefusalCause,
  reachOf,
  type SessionId,
  type SessionPolicy,
} from '@curfew/session-policy';
import { meetsPolicy } from '@curfew/session-policy/authentication';
import { type AccessDecision } from '@curfew/session-policy/decisions';
import { decideAccess, withNotBefores } from '@curfew/session-policy/standing';
import { type EffectivePolicy } from '@curfew/session-policy/trial';
import { type RefreshTokenCodec } from '@curfew/tokens';
import { ActivityRecorder, triedEnd } from './activity.js';
import type { BrowserSessionEnds } from './browser-session-ends.js';
import { type EndAlongside, EndSessions } from './end-sessions.js';
import type { PolicySource } from './policy-source.js';
import type { OpenedRefreshToken, Presenter, RefreshOutcome, StagedRefresh } from './refresh-outcome.js';
import { RefreshSession } from './refresh-session.js';
import { beginSession, type SessionStart, stepUpBy } from './session-begin.js';
import { clientEvent, sessionEvent } from './session-events.js';
import type { EndOutcome } from './store/end-writer.js';
import { methodsOf } from './store/session-columns.js';
import {
  type ActingClients,
  type Alongside,
  type CodeKey,
  type EndDetail,
  type MassEnd,
  type ProofRecord,
  type SessionStore,
  type StoredSession,
  TooManySessions,
} from './store/session-store.js';

/** The outcome for a session whose sign-in proved less than its policy requires: it stands, and opens nothing while that is so. */
const tooWeak = { kind: 'too_weak' } as const;

/** Whether a session stands for its access tokens, and its sign-in proved enough. */
type SessionDecision = AccessDecision | typeof tooWeak;

/** A session as an access token finds it, and what the domain says of it. */
export interface FoundAccess {
  readonly session: StoredSession;
  readonly policy: EffectivePolicy;
  readonly decision: SessionDecision;
}

/** Everything a session service is made of; `report` hears of failures nobody is waiting for. */
export interface SessionServiceParts {
  readonly store: SessionStore;
  readonly browserSessionEnds: BrowserSessionEnds;
  readonly policies: PolicySource;
  readonly codec: RefreshTokenCodec;
  readonly events: EventLog;
  readonly report: (error: unknown) => void;
  /** Counts silences; without one, nothing is counted. */
  readonly silences?: SilenceRecorder;
}

/** The one writer of sessions: start, refresh, ask, use, end. */
export class SessionService {
  readonly activity: ActivityRecorder;
  readonly #store: SessionStore;
  readonly #policies: PolicySource;
  readonly #codec: RefreshTokenCodec;
  readonly #events: EventLog;
  readonly #ends: EndSessions;
  readonly #refresh: RefreshSession;

  constructor(parts: SessionServiceParts) {
    const { store, browserSessionEnds, policies, codec, events, report } = parts;
    const { silences = new SilenceRecorder(false) } = parts;
    this.#store = store;
    this.#policies = policies;
    this.#codec = codec;
    this.#events = events;
    this.activity = new ActivityRecorder(store, report, undefined, silences);
    this.#ends = new EndSessions(store, browserSessionEnds);
    const { activity } = this;
    this.#refresh = new RefreshSession({
      store,
      policies,
      codec,
      ends: this.#ends,
      events,
      activity,
      silences,
    });
  }

  /** The policy in force for a client asking for these resources, as it is for the account. */
  async policyFor(...asked: Parameters<PolicySource['effectivePolicy']>): Promise<EffectivePolicy> {
    return this.#policies.effectivePolicy(...asked);
  }

  /** The policy of everyone, which the sign-in of a browser is under. */
  async everyonesPolicy(): Promise<SessionPolicy> {
    return this.#policies.everyones();
  }

  /**
   * Starts a session in one transaction with `alongside` (the consumption of its code). With `code`, one statement does both where that
   * is possible, and `alongside` is not asked.
   * @throws TooManySessions, AuthorizationEnded, CodeUsed, AccountGone, and whatever `alongside` throws; then nothing happened.
   */
  async start(
    start: SessionStart,
    policy: EffectivePolicy,
    now: Instant,
    alongside: Alongside,
    code?: CodeKey,
  ): Promise<StoredSession> {
    const stored = beginSession(start, policy, now);
    const limit = { most: policy.sessionsPerAccount, whenFull: policy.whenSessionsFull };
    const isLimited = limit.most !== null;
    const stepUp = stepUpBy(start);
    if (code && !isLimited && (await this.#store.startFromCode(stored, code, stepUp, policy.trial)))
      return stored;
    try {
      await this.#store.start(stored, limit, alongside, stepUp, policy.trial);
    } catch (error) {
      if (error instanceof TooManySessions) await this.#noteStartRefused(stored, error.limit, now);
      throw error;
    }
    return stored;
  }

  /** A refresh token as this service writes it. */
  refreshToken(sessionId: SessionId, generation: number, secret: Buffer): string {
    return this.#codec.encode({ sessionId, generation, secret });
  }

  /** The session behind a presented refresh token; undefined for anything this service did not make. One read, or none. */
  async openRefreshToken(value: string): Promise<OpenedRefreshToken | undefined> {
    const token = this.#codec.decode(value);
    return token && this.#refresh.open(token);
  }

  /** Decides about a refresh token; ends are committed, a rotation is only staged until its `commit`. */
  async present(opened: OpenedRefreshToken, presenter: Presenter, now: Instant): Promise<RefreshOutcome> {
    return this.#refresh.present(opened, presenter, now);
  }

  /**
   * Stages the use of a live token shown with a proof, which is recorded by the same statement when it commits. Undefined, with
   * nothing changed, where it is anything but a use of the live token. The `commit` throws ProofUsedBefore where the proof was known.
   */
  async stageProven(
    opened: OpenedRefreshToken,
    presenter: Presenter,
    proof: ProofRecord,
    now: Instant,
  ): Promise<StagedRefresh | undefined> {
    return this.#refresh.stageProven(opened, presenter, proof, now);
  }

  /** Records that a genuine token was refused before the domain was asked (another client, a missing key, a bad scope). */
  async refusedUnasked(
    opened: OpenedRefreshToken,
    presenter: Presenter,
    cause: RefusalCause,
    now: Instant,
  ): Promise<void> {
    if (presenter.clientId !== opened.session.clientId) {
      // The first row of the decision table: it changes nothing, and keeps the evidence.
      await this.present(opened, presenter, now);
      return;
    }
    const data = { cause, signals: presenter.signals, presentedBy: presenter.clientId };
    await this.#events.record([sessionEvent(opened.session, 'session.refresh_refused', data, now)]);
  }

  /**
   * Whether a session stands for the access token that names it. One read; a deadline found to have passed is recorded
   * as its end. Undefined when there is no such session, or that one token was revoked, be it with everything of a client that acts by it.
   */
  async access(
    id: SessionId,
    accessTokenHash: Uint8Array,
    now: Instant,
    acting?: ActingClients,
  ): Promise<FoundAccess | undefined> {
    for (let attempt = 1; ; attempt++) {
      const found = await this.#store.read(id, accessTokenHash, acting);
      if (!found || found.tokenRevoked) return undefined;
      const row = this.activity.merged(found.session);
      const session = withNotBefores(row, found.notBefore);
      const policy = await this.policyFor(session.clientId, session.resources, session.accountId);
      const decision = decideSession(session, policy, now);
      if (decision.kind !== 'end') return { session, policy, decision };
      const { reason } = decision;
      const tried = triedEnd(session, policy, reason, now);
      const end = { reason, reach: reachOf(reason), detail: {}, events: [], ...tried };
      const wasEnded = await this.#ends.decided(session, end, now);
      // Ended by somebody else, or used meanwhile: the row knows.
      if (wasEnded || attempt >= maxLooks) return { session, policy, decision };
    }
  }

  /** Decides about a found session at one more API, under the policy of that API as well. Nothing ends: elsewhere the session may stand. */
  async alsoAt({ session }: FoundAccess, audience: string, now: Instant): Promise<FoundAccess> {
    const { clientId, resources, accountId } = session;
    const policy = await this.policyFor(clientId, [...resources, audience], accountId);
    return { session, policy, decision: decideSession(session, policy, now) };
  }

  /** Counts a use of a session that stands, where its policy counts use. */
  async used(access: FoundAccess, now: Instant): Promise<StoredSession> {
    return access.decision.kind === 'active'
      ? this.activity.used(access.session, access.policy, now)
      : access.session;
  }

  /**
   * Ends the sessions with these ids that still live, and the browsers they came of where the reason reaches so far (`reachOf`); durable
   * when it returns, or with `along.transaction` where that is given.
   */
  async end(
    ids: readonly SessionId[],
    reason: EndReason,
    detail: EndDetail,
    now: Instant,
    along?: EndAlongside,
  ): Promise<EndOutcome> {
    return this.#ends.these(ids, reason, detail, now, along);
  }

  /**
   * For an act that finds nothing left to end. Returns once everything that it read is durable, or will be with `transaction`: the end that
   * came first may have stopped waiting for the standby (ADR 111).
   */
  async endedBefore(transaction?: Transaction): Promise<void> {
    await this.#store.end([], { transaction });
  }

  /** Ends every session of an account, of a client or of everyone, in one commit; re-enabling revives none of them. */
  async endAll(massEnd: MassEnd, transaction?: Transaction): Promise<EndOutcome> {
    return this.#ends.all(massEnd, transaction);
  }

  /** Revokes one access token and leaves its session alone; recorded in the same commit, once. Durable when it returns, whoever did it. */
  async revokeAccessToken(tokenHash: Uint8Array, expiresAt: Instant, revoked: NewEvent): Promise<void> {
    await this.#store.revokeAccessToken(tokenHash, expiresAt, revoked);
  }

  /** Records an event by itself; durable when it returns. */
  async record(event: NewEvent): Promise<void> {
    await this.#events.record([event]);
  }

  /** Counts a token that was shown and is none of ours; a flood of them costs a few rows a second. */
  unknownToken(
    endpoint: EventData['token.unknown']['endpoint'],
    presentedBy: string | null,
    ip: string | null,
    now: Instant,
  ): void {
    const key = `${endpoint} ${presentedBy}`;
    const event = (address: string | null) =>
      clientEvent(presentedBy, 'token.unknown', { endpoint, presentedBy, ip: address, count: 1 }, now);
    this.#events.tally('token.unknown', key, event, ip);
  }

  /** Counts a refused request that belongs to no session. */
  requestRefused(
    refused: Pick<EventData['request.refused'], 'endpoint' | 'cause' | 'presentedBy'>,
    ip: string | null,
    now: Instant,
  ): void {
    const { endpoint, cause, presentedBy } = refused;
    const event = (address: string | null) => {
      const data = { endpoint, cause, presentedBy, ip: address, count: 1 };
      return clientEvent(presentedBy, 'request.refused', data, now);
    };
    this.#events.tally('request.refused', `${endpoint} ${cause} ${presentedBy}`, event, ip);
  }

  async #noteStartRefused(session: StoredSession, limit: number, now: Instant): Promise<void> {
    const data = { cause: 'session_limit', limit } as const;
    const refused = sessionEvent(session, 'session.start_refused', data, now);
    // The session was never started, so the event names none.
    await this.#events.record([{ ...refused, sessionId: null }]);
  }
}

/** Reads of a session whose end another request overtakes, by using or ending it. */
const maxLooks = 3;

/** Decides about an access token by its session and by how its person signed in. */
function decideSession(session: StoredSession, policy: SessionPolicy, now: Instant): SessionDecision {
  const decision = decideAccess(session, policy, now);
  return decision.kind === 'active' && !meetsPolicy(methodsOf(session), policy) ? tooWeak : decision;
}
