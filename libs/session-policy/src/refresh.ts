import { demandedBy, meetsPolicy } from './authentication.js';
import type { RefreshDecision, RiskAssessment, RiskFinding } from './decisions.js';
import { type EndReason, reachOf } from './end-reasons.js';
import type { SessionPolicy } from './policy.js';
import { concurrentWithin, evidenceOf, isConcurrent, keyFits } from './risk.js';
import type { PresentedToken, Session } from './session.js';
import { isSibling } from './siblings.js';
import { deadlines } from './standing.js';
import { type Instant, isPast, plus } from './time.js';

interface Facts {
  readonly session: Session;
  readonly presented: PresentedToken;
  readonly policy: SessionPolicy;
  readonly risk: RiskAssessment;
  readonly now: Instant;
}

/** One row of the decision table, in words for the documentation and as the function that decides. */
export interface RefreshRow {
  readonly name: string;
  readonly when: string;
  readonly decision: RefreshDecision['kind'] | 'rotate or keep';
  readonly reason: string;
  readonly decide: (facts: Facts) => RefreshDecision | null;
}

const isSuperseded = ({ session, presented }: Facts): boolean => presented.generation < session.generation;
const isPrevious = ({ session, presented }: Facts): boolean =>
  presented.generation === session.generation - 1;

/** Reuse of a superseded token: ends the session, or by policy its browser or all of the account with it. */
const reused = ({ session, presented, policy, now }: Facts): RefreshDecision => ({
  kind: 'end',
  reason: 'refresh_token_reuse',
  reach: reachOf('refresh_token_reuse', policy.onReuse),
  evidence: evidenceOf(session, presented, now),
});

/** An end by the clock. A superseded token shown after it is noted, as a late trace of a copy. */
const timedOut = (facts: Facts, reason: EndReason): RefreshDecision => ({
  kind: 'end',
  reason,
  reach: reachOf(reason),
  ...afterEnd(facts),
});

const afterEnd = (facts: Facts) =>
  isSuperseded(facts) ? { evidence: evidenceOf(facts.session, facts.presented, facts.now, 'after_end') } : {};

const retryWindowOver = ({ session, policy, now }: Facts): boolean =>
  policy.retryWindow === 0 ||
  session.rotatedAt === null ||
  isPast(plus(session.rotatedAt, policy.retryWindow), now);

/** Whether the policy takes the holder of a superseded token for another process of the client. */
const isOfSibling = ({ session, presented, policy, risk, now }: Facts): boolean =>
  isSibling(session, presented, policy, risk, now);

/**
 * Fifty requests that a client sends at once with one token are one use, not fifty retries: they were under way before
 * the first answer. They get the same successor like any retry, but the limit is kept for those that come later.
 */
const counts = ({ session, policy, now }: Facts): boolean =>
  policy.retryLimit === 0 || !isConcurrent(session, now);

/** Whether the previous token comes again as it may: in time, not too often, and with its key. */
const isRetry = (facts: Facts): boolean =>
  isPrevious(facts) &&
  !retryWindowOver(facts) &&
  !(counts(facts) && facts.session.retries >= facts.policy.retryLimit) &&
  keyFits(facts.session, facts.presented);

const reasonOfFinding: Record<RiskFinding['signal'], EndReason> = {
  ip: 'risk_ip',
  device: 'risk_device',
  tls_fingerprint: 'risk_tls_fingerprint',
};

/** The decision table. The first row that matches decides; a row before one that ends protects from that end. */
export const refreshRows: readonly RefreshRow[] = [
  {
    // RFC 6749 §6: the token must have been issued to this client. Another client can neither use nor end the session.
    name: 'foreign client',
    when: 'another client than the one it was issued to presents it',
    decision: 'refuse',
    reason: 'wrong_client',
    decide: ({ session, presented, now }) =>
      presented.clientId === session.clientId
        ? null
        : {
            kind: 'refuse',
            reason: 'wrong_client',
            evidence: evidenceOf(session, presented, now, 'foreign_client'),
          },
  },
  {
    name: 'already ended',
    when: 'the session has ended',
    decision: 'refuse',
    reason: 'its stored reason',
    decide: (facts) =>
      facts.session.ended ? { kind: 'refuse', reason: facts.session.ended.reason, ...afterEnd(facts) } : null,
  },
  {
    // Only a restored database or a leaked MAC key leads here: an alarm, but no proof against this session's holder.
    name: 'ahead of the row',
    when: 'its generation is later than the row ever reached',
    decision: 'refuse',
    reason: 'unknown_token',
    decide: ({ session, presented, now }) =>
      presented.generation > session.generation
        ? {
            kind: 'refuse',
            reason: 'unknown_token',
            evidence: evidenceOf(session, presented, now, 'ahead_of_row'),
          }
        : null,
  },
  {
    name: 'unknown secret',
    when: 'current or previous generation, but the row does not know its secret',
    decision: 'refuse',
    reason: 'unknown_token',
    decide: (facts) => {
      const { session, presented, now } = facts;
      if (presented.generation < session.generation - 1) return null;
      if (presented.matches === (isPrevious(facts) ? 'previous' : 'current')) return null;
      const evidence = evidenceOf(session, presented, now, 'unknown_secret');
      return { kind: 'refuse', reason: 'unknown_token', evidence };
    },
  },
  {
    // RFC 9449 §5, RFC 8705 §7.1: a bound token without its key is refused; the live token stays with its holder.
    name: 'wrong key',
    when: 'current generation without the key it is bound to (DPoP, mTLS)',
    decision: 'refuse',
    reason: 'wrong_key',
    decide: (facts) =>
      !isSuperseded(facts) && !keyFits(facts.session, facts.presented)
        ? { kind: 'refuse', reason: 'wrong_key' }
        : null,
  },
  {
    name: 'absolute lifetime',
    when: 'now ≥ absolute deadline',
    decision: 'end',
    reason: 'absolute_lifetime',
    decide: (facts) =>
      isPast(deadlines(facts.session, facts.policy).absolute, facts.now)
        ? timedOut(facts, 'absolute_lifetime')
        : null,
  },
  {
    name: 'inactivity timeout',
    when: 'now ≥ idle deadline',
    decision: 'end',
    reason: 'inactivity_timeout',
    decide: (facts) =>
      isPast(deadlines(facts.session, facts.policy).idle, facts.now)
        ? timedOut(facts, 'inactivity_timeout')
        : null,
  },
  {
    // RFC 9700 §4.14.2: a replayed token ends the grant, because it cannot be told which of the two is the thief.
    name: 'stale lineage',
    when: 'older than the previous generation, and not of a sibling (row 14)',
    decision: 'end',
    reason: 'refresh_token_reuse',
    decide: (facts) =>
      facts.presented.generation < facts.session.generation - 1 && !isOfSibling(facts) ? reused(facts) : null,
  },
  {
    name: 'reuse',
    when: `previous generation, and the retry window is over, or its retries are used up (uses within ${concurrentWithin} s of the rotation are parallel and not counted), or the key is another; and not of a sibling (row 14)`,
    decision: 'end',
    reason: 'refresh_token_reuse',
    decide: (facts) => {
      if (!isPrevious(facts) || isRetry(facts)) return null;
      return isOfSibling(facts) ? null : reused(facts);
    },
  },
  {
    name: 'risk ends',
    when: 'risk says end',
    decision: 'end',
    reason: 'risk_ip, risk_device or risk_tls_fingerprint',
    decide: ({ risk }) => {
      const cause = risk.findings.find((finding) => finding.action === 'end');
      if (risk.action !== 'end' || !cause) return null;
      const reason = reasonOfFinding[cause.signal];
      return { kind: 'end', reason, reach: reachOf(reason), findings: risk.findings };
    },
  },
  {
    // A step-up moves the baseline, so what it confirmed is no finding any more: this asks once for each change.
    name: 'risk steps up',
    when: 'risk says step up, and the session has not stepped up since',
    decision: 'step_up',
    reason: 'insufficient_user_authentication (RFC 9470)',
    decide: ({ risk }) => (risk.action === 'step_up' ? { kind: 'step_up', findings: risk.findings } : null),
  },
  {
    // RFC 9470 §3. It consumes nothing: the session goes on where the policy becomes more lenient again.
    name: 'authentication context',
    when: 'the sign-in proved less than the `requiredAcr` of the policy',
    decision: 'refuse',
    reason: 'context_too_weak, which is insufficient_user_authentication with acr_values for the client',
    decide: ({ presented, policy }) => {
      const required = demandedBy(policy.requiredAcr);
      if (required === null || meetsPolicy(presented.methods, policy)) return null;
      return { kind: 'refuse', reason: 'context_too_weak', required };
    },
  },
  {
    name: 'retry',
    when: 'previous generation, inside the retry window, same client and key',
    decision: 'replay',
    reason: 'the same successor again',
    decide: (facts) => (isRetry(facts) ? { kind: 'replay', counts: counts(facts) } : null),
  },
  {
    // RFC 6749 §6: the answer may leave the refresh token out. Only siblings are left here: rows 8 and 9 end what differs in anything.
    name: 'sibling',
    when: 'superseded, the policy serves siblings, at most `siblingDistance` generations behind, less than `siblingWindow` after the last rotation, fewer than `siblingLimit` served since then, and client, key, network prefix, device and TLS fingerprint are those of the sign-in, as they were at the last rotation',
    decision: 'sibling',
    reason: 'an access token and no refresh token',
    decide: (facts) => (isSuperseded(facts) ? { kind: 'sibling' } : null),
  },
];

/** The last row has no condition of its own: a token that no row has caught is the live one. */
export const lastRefreshRow: Omit<RefreshRow, 'decide'> & {
  readonly decide: (facts: Facts) => RefreshDecision;
} = {
  name: 'current',
  when: 'current generation',
  decision: 'rotate or keep',
  reason: '–',
  decide: ({ policy }) => ({ kind: policy.rotation === 'never' ? 'keep' : 'rotate' }),
};

/**
 * Decides about a refresh token that is presented, by the first row of the table that matches. Pure; the caller has verified the MAC,
 * compared the secret and authenticated the client.
 */
export function decideRefresh(
  session: Session,
  presented: PresentedToken,
  policy: SessionPolicy,
  risk: RiskAssessment,
  now: Instant,
): RefreshDecision {
  const facts: Facts = { session, presented, policy, risk, now };
  for (const row of refreshRows) {
    const decision = row.decide(facts);
    if (decision) return decision;
  }
  return lastRefreshRow.decide(facts);
}
