import type { EventLog } from '@curfew/events';
import {
  assessRisk,
  deadlines,
  decideRefresh,
  type Instant,
  kept,
  type RefreshDecision,
  type RequestSignals,
  rotated,
  type SessionPolicy,
  stepUpDemanded,
  unreachable,
  withNotBefores,
} from '@curfew/session-policy';
import type { EndSessions } from './end-sessions.js';
import type { PolicySource } from './policy-source.js';
import { clientEvent, sessionEvent } from './session-events.js';
import type { FoundSession, SessionStore, StoredSession } from './store/session-store.js';
import {
  hashSecret,
  newSecret,
  type RefreshToken,
  type RefreshTokenCodec,
  secretMatches,
} from './tokens/refresh-token.js';
import { openSuccessor, sealSuccessor } from './tokens/successor-seal.js';

/** A genuine refresh token with its session, as one read found it. */
export interface OpenedRefreshToken {
  readonly token: RefreshToken;
  /** As it truly stands: with the end a not-before gave it, and with activity not yet written. */
  readonly session: StoredSession;
  readonly matches: 'current' | 'previous' | 'none';
}

/** Who presents the token, after the protocol layer authenticated them. */
export interface Presenter {
  readonly clientId: string;
  readonly keyThumbprint: string | null;
  readonly signals: RequestSignals;
}

/** What will happen when the answer is known to be good; nothing has been written yet. */
export interface StagedRefresh {
  readonly kind: 'rotate' | 'keep' | 'replay';
  readonly session: StoredSession;
  readonly policy: SessionPolicy;
  /** The token to hand out. `commit` may replace it, where another request rotated first. */
  readonly refreshToken: string;
  readonly commit: () => Promise<CommittedRefresh>;
}

/** The outcome of a commit: the token that is really the live one, or the decision that refuses after all. */
export type CommittedRefresh =
  | { readonly kind: 'committed'; readonly refreshToken: string }
  | { readonly kind: 'refused'; readonly decision: RefusedRefresh };

/** A decision that hands out nothing. */
export type RefusedRefresh = Extract<RefreshDecision, { kind: 'refuse' | 'end' | 'step_up' }>;

/** What a presentation leads to. */
export type RefreshOutcome =
  | { readonly kind: 'staged'; readonly staged: StagedRefresh }
  | { readonly kind: 'refused'; readonly decision: RefusedRefresh };

type StagedDecision = Extract<RefreshDecision, { kind: 'rotate' | 'keep' | 'replay' }>;

type InternalOutcome =
  | { readonly kind: 'staged'; readonly staged: StagedRefresh & { readonly write: () => Promise<boolean> } }
  | { readonly kind: 'refused'; readonly decision: RefusedRefresh };

/** Losing a compare-and-set this often in a row means a storm on one session; the caller may try again later. */
const mostAttempts = 5;

/** The session is being changed by too many requests at once; nothing was consumed. */
export class RefreshContention extends Error {
  override readonly name = 'RefreshContention';
}

/**
 * The refresh of one session: one read, one decision, one conditional write. Deciding is separate from writing: a lost
 * compare-and-set means that somebody else was first, so the row is read again and the decision made anew.
 */
export class RefreshSession {
  constructor(
    private readonly store: SessionStore,
    private readonly policies: PolicySource,
    private readonly codec: RefreshTokenCodec,
    private readonly ends: EndSessions,
    private readonly events: EventLog,
    private readonly pendingActivity: (session: StoredSession) => StoredSession,
  ) {}

  /** The token and its session, or undefined for what this service never made; garbage costs no I/O. */
  async open(value: string): Promise<OpenedRefreshToken | undefined> {
    const token = this.codec.decode(value);
    if (!token) return undefined;
    const found = await this.store.read(token.sessionId);
    return found && this.#opened(token, found);
  }

  /** Decides about a presented token. Reuse and other ends are committed before this returns; the rest is only staged. */
  async present(opened: OpenedRefreshToken, presenter: Presenter, now: Instant): Promise<RefreshOutcome> {
    return this.#attempt(opened, presenter, now);
  }

  async #attempt(opened: OpenedRefreshToken, presenter: Presenter, now: Instant): Promise<InternalOutcome> {
    const outcome = await this.#decide(opened, presenter, now);
    if (outcome !== 'stale') return outcome;
    const fresh = await this.open(this.codec.encode(opened.token));
    const again = fresh ? await this.#decide(fresh, presenter, now) : 'stale';
    if (again === 'stale') throw new RefreshContention();
    return again;
  }

  /** 'stale': activity was counted between the read and an end by the clock, so the decision no longer holds. */
  async #decide(
    opened: OpenedRefreshToken,
    presenter: Presenter,
    now: Instant,
  ): Promise<InternalOutcome | 'stale'> {
    const { session, token } = opened;
    const policy = await this.policies.effectivePolicy(session.clientId, session.resources);
    const risk = assessRisk(session.baseline, presenter.signals, policy, session);
    const presented = { ...presenter, generation: token.generation, matches: opened.matches };
    const decision = decideRefresh(session, presented, policy, risk, now);
    switch (decision.kind) {
      case 'rotate':
      case 'keep':
      case 'replay':
        if (risk.findings.length > 0) {
          const seen = { findings: risk.findings, signals: presenter.signals };
          this.events.soon(sessionEvent(session, 'session.risk_observed', seen, now));
        }
        return { kind: 'staged', staged: this.#stage(decision, opened, presenter, policy, now) };
      case 'refuse':
      case 'end':
      case 'step_up':
        return (await this.#carryOut(decision, session, presenter, now))
          ? { kind: 'refused', decision }
          : 'stale';
      default:
        return unreachable(decision);
    }
  }

  #opened(token: RefreshToken, found: FoundSession): OpenedRefreshToken {
    const row = this.pendingActivity(found.session);
    const session = { ...row, ...withNotBefores(row, found.notBefore) };
    return { token, session, matches: matchOf(token, session) };
  }

  #stage(
    decision: StagedDecision,
    opened: OpenedRefreshToken,
    presenter: Presenter,
    policy: SessionPolicy,
    now: Instant,
  ): StagedRefresh & { readonly write: () => Promise<boolean> } {
    const { kind } = decision;
    const { token, session } = opened;
    const secret = secretToHandOut(kind, opened);
    const generation = kind === 'rotate' ? session.generation + 1 : session.generation;
    const refreshToken = this.codec.encode({ sessionId: session.id, generation, secret });
    const write = async () => {
      if (!(await this.#write(decision, opened, policy, secret, now))) return false;
      if (kind === 'replay')
        this.events.soon(sessionEvent(session, 'session.refresh_retried', { generation }, now));
      else
        this.events.tally('sessions.refreshed', session.clientId, () =>
          clientEvent('sessions.refreshed', session.clientId, now),
        );
      return true;
    };
    const commit = async (): Promise<CommittedRefresh> => {
      if (await write()) return { kind: 'committed', refreshToken };
      return this.#commitAnew(token, presenter, now);
    };
    return { kind, session, policy, refreshToken, commit, write };
  }

  #write(
    decision: StagedDecision,
    { session, token }: OpenedRefreshToken,
    policy: SessionPolicy,
    secret: Buffer,
    now: Instant,
  ): Promise<boolean> {
    const { id, generation } = session;
    if (decision.kind === 'replay') {
      // Uses that came in parallel are no retries; but an end that came first must still win.
      return decision.counts
        ? this.store.countRetry(id, generation, session.retries)
        : this.store.stands(id, generation);
    }
    const next = decision.kind === 'rotate' ? rotated(session, policy, now) : kept(session, policy, now);
    const { lastActiveAt } = next;
    const { expiresAt } = deadlines(next, policy);
    if (decision.kind === 'keep')
      return this.store.keep({ id, generation, at: now, lastActiveAt, expiresAt });
    const tokenHash = hashSecret(secret);
    const successorSeal = sealSuccessor(token, secret);
    return this.store.rotate({
      id,
      fromGeneration: generation,
      at: now,
      lastActiveAt,
      expiresAt,
      tokenHash,
      successorSeal,
    });
  }

  /** Somebody else changed the session first: read it again and decide anew, by the same clock reading. */
  async #commitAnew(token: RefreshToken, presenter: Presenter, now: Instant): Promise<CommittedRefresh> {
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      const found = await this.store.read(token.sessionId);
      if (!found) return { kind: 'refused', decision: { kind: 'refuse', reason: 'unknown_token' } };
      const opened = this.#opened(token, found);
      const outcome = await this.#attempt(opened, presenter, now);
      if (outcome.kind === 'refused') return outcome;
      const { staged } = outcome;
      if (await staged.write()) return { kind: 'committed', refreshToken: staged.refreshToken };
    }
    throw new RefreshContention();
  }

  async #carryOut(
    decision: RefusedRefresh,
    session: StoredSession,
    presenter: Presenter,
    now: Instant,
  ): Promise<boolean> {
    const { signals } = presenter;
    switch (decision.kind) {
      case 'refuse': {
        const data = {
          cause: decision.reason,
          evidence: decision.evidence,
          signals,
          presentedBy: presenter.clientId,
        };
        await this.events.record([sessionEvent(session, 'session.refresh_refused', data, now)]);
        return true;
      }
      case 'end': {
        const detail = { evidence: decision.evidence, findings: decision.findings, signals };
        const found =
          decision.evidence && decision.reason === 'refresh_token_reuse'
            ? [sessionEvent(session, 'session.reuse_found', detail, now)]
            : [];
        return this.ends.decided(session, decision.reason, decision.scope, detail, found, now);
      }
      case 'step_up': {
        const demanded = stepUpDemanded(session, now);
        const required = sessionEvent(
          session,
          'session.step_up_required',
          { findings: decision.findings, signals },
          now,
        );
        if (demanded) await this.store.requireStepUp(session.id, now, [required]);
        return true;
      }
      default:
        return unreachable(decision);
    }
  }
}

const matchOf = (token: RefreshToken, session: StoredSession): OpenedRefreshToken['matches'] => {
  if (token.generation === session.generation)
    return secretMatches(token.secret, session.tokenHash) ? 'current' : 'none';
  if (token.generation !== session.generation - 1) return 'none';
  return openSuccessor(token, session.successorSeal) ? 'previous' : 'none';
};

/** A new secret to rotate to, the same token to keep, or what the seal holds for the parent's holder. */
const secretToHandOut = (kind: StagedDecision['kind'], { token, session }: OpenedRefreshToken): Buffer => {
  switch (kind) {
    case 'rotate':
      return newSecret();
    case 'keep':
      return token.secret;
    case 'replay':
      return openSuccessor(token, session.successorSeal)!;
    default:
      return unreachable(kind);
  }
};
