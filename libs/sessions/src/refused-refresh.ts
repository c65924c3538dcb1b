import type { EventLog } from '@curfew/events';
import { type Instant } from '@curfew/session-policy';
import { type RiskFinding, unreachable } from '@curfew/session-policy/decisions';
import { stepUpDemanded } from '@curfew/session-policy/lifecycle';
import { type EffectivePolicy, shadowMark } from '@curfew/session-policy/trial';
import { endedTrial } from './activity.js';
import type { EndSessions } from './end-sessions.js';
import type { OpenedRefreshToken, Presenter, RefusedRefresh } from './refresh-outcome.js';
import { sessionEvent } from './session-events.js';
import type { ProofRecord, SessionStore } from './store/session-store.js';

/** One presentation, all the way. */
export interface Presentation {
  readonly opened: OpenedRefreshToken;
  readonly presenter: Presenter;
  readonly policy: EffectivePolicy;
  readonly findings: readonly RiskFinding[];
  readonly now: Instant;
  /** To be recorded by the statement that uses the token. */
  readonly proof?: ProofRecord;
}

/** Carries out a refusal, with its event. False where the session changed since it was read, so that the decision no longer holds. */
export async function carryOut(
  {
    events,
    ends,
    store,
  }: { readonly events: EventLog; readonly ends: EndSessions; readonly store: SessionStore },
  decision: RefusedRefresh,
  { opened, presenter, policy, now }: Presentation,
): Promise<boolean> {
  const { session } = opened;
  const { signals } = presenter;
  switch (decision.kind) {
    case 'refuse': {
      const { reason: cause, evidence } = decision;
      const data = { cause, presentedBy: presenter.clientId, signals, ...(evidence && { evidence }) };
      await events.record([sessionEvent(session, 'session.refresh_refused', data, now)]);
      return true;
    }
    case 'end': {
      const { reason, reach, evidence, findings } = decision;
      const detail = { signals, ...(evidence && { evidence }), ...(findings && { findings }) };
      const found =
        evidence && reason === 'refresh_token_reuse'
          ? [sessionEvent(session, 'session.reuse_found', { evidence, signals }, now)]
          : [];
      const mark = shadowMark(session, policy, now, false);
      const trial = endedTrial(session, policy, reason, now);
      return ends.decided(session, { reason, reach, detail, events: found, mark, trial }, now);
    }
    case 'step_up': {
      const data = { findings: decision.findings, signals };
      const required = sessionEvent(session, 'session.step_up_required', data, now);
      if (stepUpDemanded(session, now)) await store.requireStepUp(session.id, now, [required]);
      return true;
    }
    default:
      return unreachable(decision);
  }
}
