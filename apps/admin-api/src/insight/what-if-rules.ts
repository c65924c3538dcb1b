import { shareEstimate } from '@curfew/insight';
import type { RiskFinding } from '@curfew/session-policy/decisions';
import { settingOf } from '@curfew/session-policy/settings';
import { Injectable } from '@nestjs/common';
import { CameBackStore, type Incident } from './came-back.store.js';
import type { InsightQuestion } from './insight-question.js';
import { ReuseEndsStore } from './reuse-ends.store.js';

/** A rule of a policy that reacts to changed circumstances, as a question names it, and the signal it watches. */
export const riskRules = {
  ip_change: 'ip',
  device_mismatch: 'device',
  tls_fingerprint_change: 'tls_fingerprint',
} as const satisfies Readonly<Record<string, RiskFinding['signal']>>;

/** The name of such a rule. */
export type RiskRule = keyof typeof riskRules;

/** The consequence of a stricter rule where circumstances have changed. */
export type StricterAction = 'step_up' | 'end';

/** Tries retry windows and risk rules on what has happened: the evidence of each end and of each finding is kept. */
@Injectable()
export class WhatIfRules {
  constructor(
    private readonly reuses: ReuseEndsStore,
    private readonly incidents: CameBackStore,
  ) {}

  /** Ends for a reused token that would have been retries under a retry window. */
  async retries({ clientIds, from, to }: InsightQuestion, window: number) {
    const { ends, wouldBeRetries } = await this.reuses.count(clientIds, from, to, window);
    return {
      candidate_seconds: window,
      reuse_ends: ends,
      would_be_retries: wouldBeRetries,
      share: shareEstimate(wouldBeRetries, ends),
    };
  }

  /** Ends for a reused token that would have been served as siblings, had the client had such a policy. */
  async siblings({ clientIds, from, to }: InsightQuestion, windowSeconds: number) {
    const distance = settingOf('siblingDistance').standard;
    const candidate = { windowSeconds, distance };
    const { ends, wouldBeSiblings } = await this.reuses.countSiblings(clientIds, from, to, candidate);
    return {
      candidate_seconds: windowSeconds,
      distance,
      reuse_ends: ends,
      would_be_siblings: wouldBeSiblings,
      share: shareEstimate(wouldBeSiblings, ends),
    };
  }

  /** Sessions that stricter rules would have stepped up or ended, and those of them whose person was there. */
  async stricter(
    { clientIds, from, to }: InsightQuestion,
    candidates: Readonly<Partial<Record<RiskRule, StricterAction | undefined>>>,
  ) {
    const types = ['session.risk_observed', 'session.step_up_required'] as const;
    const { incidents, isComplete } = await this.incidents.find({ types, clientIds, from, to });
    return (Object.keys(riskRules) as RiskRule[]).flatMap((rule) => {
      const candidate = candidates[rule];
      return candidate === undefined
        ? []
        : [{ rule, candidate, ...sessionsMet(incidents, rule), complete: isComplete }];
    });
  }
}

/** A session counts once, however many of its requests differed. */
function sessionsMet(incidents: readonly Incident[], rule: RiskRule) {
  const sessions = new Map<string, boolean>();
  for (const { sessionId, findings, cameBack } of incidents)
    if (findings.some(({ signal }) => signal === riskRules[rule]))
      sessions.set(sessionId, cameBack || (sessions.get(sessionId) ?? false));
  const cameBack = [...sessions.values()].filter(Boolean).length;
  return {
    sessions: sessions.size,
    came_back_as_themselves: cameBack,
    share: shareEstimate(cameBack, sessions.size),
  };
}
