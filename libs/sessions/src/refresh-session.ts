import type { EventLog } from '@curfew/events';
import type { SilenceRecorder } from '@curfew/insight';
import { type Instant } from '@curfew/session-policy';
import { type RefreshDecision, unreachable } from '@curfew/session-policy/decisions';
import { kept, rotated } from '@curfew/session-policy/lifecycle';
import { decideRefresh } from '@curfew/session-policy/refresh';
import { assessRisk } from '@curfew/session-policy/risk';
import { withNotBefores } from '@curfew/session-policy/standing';
import { shadowMark } from '@curfew/session-policy/trial';
import {
  hashSecret,
  newSecret,
  openSuccessor,
  type RefreshToken,
  type RefreshTokenCodec,
  sealSuccessor,
  secretMatches,
} from '@curfew/tokens';
import { type ActivityRecorder, countReturn } from './activity.js';
import { answerRetry, serveSibling } from './answers-again.js';
import type { EndSessions } from './end-sessions.js';
import type { PolicySource } from './policy-source.js';
import {
  type CommittedRefresh,
  type OpenedRefreshToken,
  type Presenter,
  RefreshContention,
  type RefreshOutcome,
  type RefusedRefresh,
  type StagedRefresh,
} from './refresh-outcome.js';
import { carryOut, type Presentation } from './refused-refresh.js';
import { clientEvent, sessionEvent } from './session-events.js';
import { methodsOf } from './store/session-columns.js';
import type { FoundSession, ProofRecord, SessionStore, StoredSession } from './store/session-store.js';

type StagedDecision = Extract<RefreshDecision, { kind: 'rotate' | 'keep' | 'replay' | 'sibling' }>;

type InternalOutcome =
  | { readonly kind: 'staged'; readonly staged: StagedRefresh & { readonly write: () => Promise<boolean> } }
  | { readonly kind: 'refused'; readonly decision: RefusedRefresh };

/** The parts that a refresh works with. */
export interface RefreshParts {
  readonly store: SessionStore;
  readonly policies: PolicySource;
  readonly codec: RefreshTokenCodec;
  readonly ends: EndSessions;
  readonly events: EventLog;
  readonly activity: ActivityRecorder;
  readonly silences: SilenceRecorder;
}

/** Losing a compare-and-set this often in a row means a storm on one session; the caller may try again later. */
const maxAttempts = 5;

/**
 * The refresh of one session: one read, one decision, one conditional write. Deciding is separate from writing: a lost
 * compare-and-set means that somebody else was first, so the row is read again and the decision made anew.
 */
export class RefreshSession {
  readonly #parts: RefreshParts;

  constructor(parts: RefreshParts) {
    this.#parts = parts;
  }

  /** The session of a token that this service made. One read. */
  async open(token: RefreshToken): Promise<OpenedRefreshToken | undefined> {
    return this.#read(token);
  }

  /** Decides about a presented token. Reuse and other ends are committed before this returns; the rest is only staged. */
  present(opened: OpenedRefreshToken, presenter: Presenter, now: Instant): Promise<RefreshOutcome> {
    return this.#present(opened, presenter, now);
  }

  /**
   * Stages the use of a live token together with the record of the proof it came with. Undefined where anything else is decided, a
   * retry or a refusal; then nothing has been changed.
   */
  async stageProven(
    opened: OpenedRefreshToken,
    presenter: Presenter,
    proof: ProofRecord,
    now: Instant,
  ): Promise<StagedRefresh | undefined> {
    const { decision, presentation } = await this.#judge(opened, presenter, now);
    const isUse = decision.kind === 'rotate' || decision.kind === 'keep';
    return isUse ? this.#stage(decision, { proof, ...presentation }) : undefined;
  }

  async #present(opened: OpenedRefreshToken, presenter: Presenter, now: Instant): Promise<InternalOutcome> {
    let current: OpenedRefreshToken | undefined = opened;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      if (!current) return { kind: 'refused', decision: { kind: 'refuse', reason: 'unknown_token' } };
      const outcome = await this.#decide(current, presenter, now);
      if (outcome !== 'stale') return outcome;
      current = await this.#read(opened.token);
    }
    throw new RefreshContention();
  }

  /** 'stale': the session changed between the read and the end that was decided on, so the decision no longer holds. */
  async #decide(
    opened: OpenedRefreshToken,
    presenter: Presenter,
    now: Instant,
  ): Promise<InternalOutcome | 'stale'> {
    const { decision, presentation } = await this.#judge(opened, presenter, now);
    switch (decision.kind) {
      case 'rotate':
      case 'keep':
      case 'replay':
      case 'sibling':
        return { kind: 'staged', staged: this.#stage(decision, presentation) };
      case 'refuse':
      case 'end':
      case 'step_up':
        return this.#refuse(decision, presentation);
      default:
        return unreachable(decision);
    }
  }

  /** The decision of the domain; nothing is carried out. */
  async #judge(opened: OpenedRefreshToken, presenter: Presenter, now: Instant) {
    const { session, token } = opened;
    const policy = await this.#parts.policies.effectivePolicy(
      session.clientId,
      session.resources,
      session.accountId,
    );
    const risk = assessRisk(session.baseline, presenter.signals, policy, session);
    const presented = {
      generation: token.generation,
      matches: opened.matches,
      methods: methodsOf(session),
      ...presenter,
    };
    const decision = decideRefresh(session, presented, policy, risk, now);
    const presentation: Presentation = { opened, presenter, policy, findings: risk.findings, now };
    return { decision, presentation };
  }

  async #read(token: RefreshToken): Promise<OpenedRefreshToken | undefined> {
    const found = await this.#parts.store.read(token.sessionId);
    return found && this.#opened(token, found);
  }

  #opened(token: RefreshToken, found: FoundSession): OpenedRefreshToken {
    const row = this.#parts.activity.merged(found.session);
    const session = withNotBefores(row, found.notBefore);
    return { token, session, matches: matchOf(token, session) };
  }

  #stage(
    decision: StagedDecision,
    presentation: Presentation,
  ): StagedRefresh & { readonly write: () => Promise<boolean> } {
    const { opened, presenter, policy, now } = presentation;
    const { token, session } = opened;
    const { kind } = decision;
    const secret = secretToHandOut(kind, opened);
    const generation = kind === 'rotate' ? session.generation + 1 : session.generation;
    const refreshToken = secret && this.#parts.codec.encode({ sessionId: session.id, generation, secret });
    const write = () => this.#write(decision, secret, presentation);
    const commit = async (): Promise<CommittedRefresh> =>
      (await write()) ? { kind: 'committed', refreshToken } : this.#commitAnew(token, presenter, now);
    return { kind, session, policy, refreshToken, commit, write };
  }

  async #write(
    decision: StagedDecision,
    secret: Buffer | undefined,
    presentation: Presentation,
  ): Promise<boolean> {
    const { store, events, silences } = this.#parts;
    const { opened, presenter, policy, now, proof } = presentation;
    const { session, token } = opened;
    const { id, generation } = session;
    if (decision.kind === 'replay') {
      if (!(await answerRetry(this.#parts, decision.counts, presentation))) return false;
    } else if (decision.kind === 'sibling') {
      if (!(await serveSibling(store, presentation))) return false;
    } else {
      const isKept = decision.kind === 'keep';
      const next = isKept ? kept(session, policy, now) : rotated(session, presenter.signals, policy, now);
      const { lastActiveAt, expiresAt } = next;
      const isActivity = lastActiveAt > session.lastActiveAt;
      const mark = policy.trial ? shadowMark(session, policy, now, isActivity) : null;
      const clock = { id, at: now, lastActiveAt, expiresAt, proof, mark };
      const written = isKept
        ? await store.keep({ generation, ...clock })
        : await store.rotate({
            fromGeneration: generation,
            siblings: next.siblings,
            tokenHash: hashSecret(secret!),
            successorSeal: sealSuccessor(token, secret!),
            ...clock,
          });
      if (!written) return false;
      // If the policy does not count a refresh as activity, the silence goes on.
      if (isActivity) countReturn(silences, session, policy, now);
      const { clientId } = session;
      events.tally('sessions.refreshed', clientId, () =>
        clientEvent(clientId, 'sessions.refreshed', { count: 1 }, now),
      );
    }
    this.#noteObserved(presentation);
    return true;
  }

  #noteObserved({ opened, presenter, findings, now }: Presentation): void {
    if (findings.length === 0) return;
    const seen = { findings, signals: presenter.signals };
    this.#parts.events.soon(sessionEvent(opened.session, 'session.risk_observed', seen, now));
  }

  /**
   * Somebody else changed the session first: read it again and decide anew, by the same clock reading. A proof has been recorded by
   * then, with what lost.
   */
  async #commitAnew(token: RefreshToken, presenter: Presenter, now: Instant): Promise<CommittedRefresh> {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      // The row may lack activity that was counted here and kept it alive; then it refuses until it has it.
      await this.#parts.activity.write(token.sessionId);
      const opened = await this.#read(token);
      if (!opened) return { kind: 'refused', decision: { kind: 'refuse', reason: 'unknown_token' } };
      const outcome = await this.#present(opened, presenter, now);
      if (outcome.kind === 'refused') return outcome;
      const { staged } = outcome;
      if (await staged.write()) return { kind: 'committed', refreshToken: staged.refreshToken };
    }
    throw new RefreshContention();
  }

  async #refuse(
    decision: RefusedRefresh,
    presentation: Presentation,
  ): Promise<Extract<InternalOutcome, { kind: 'refused' }> | 'stale'> {
    return (await carryOut(this.#parts, decision, presentation)) ? { kind: 'refused', decision } : 'stale';
  }
}

/** Which secret of the session, if any, this token carries. */
const matchOf = (token: RefreshToken, session: StoredSession): OpenedRefreshToken['matches'] => {
  if (token.generation === session.generation)
    return secretMatches(token.secret, session.tokenHash) ? 'current' : 'none';
  if (token.generation !== session.generation - 1) return 'none';
  return openSuccessor(token, session.successorSeal) ? 'previous' : 'none';
};

/** A new secret to rotate to, the same token to keep, what the seal holds for the parent's holder, or none for a sibling. */
const secretToHandOut = (
  kind: 'rotate' | 'keep' | 'replay' | 'sibling',
  { token, session }: OpenedRefreshToken,
): Buffer | undefined => {
  switch (kind) {
    case 'rotate':
      return newSecret();
    case 'keep':
      return token.secret;
    case 'replay':
      return openSuccessor(token, session.successorSeal)!;
    case 'sibling':
      return undefined;
    default:
      return unreachable(kind);
  }
};
