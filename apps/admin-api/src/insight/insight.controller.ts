import { CountsStore, kindsOfVisits } from '@curfew/insight';
import { Controller } from '@nestjs/common';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { ExposureOverTime } from './exposure-over-time.js';
import { FalseTheft } from './false-theft.js';
import * as contracts from './insight-contracts.js';
import { evidenceOnWire, type FoundEvidence, InsightQuestions } from './insight-question.js';
import { lowValueOf, timeoutsOnWire } from './timeouts-view.js';
import { lifetimeOnWire, WhatIf } from './what-if.js';
import { WhatIfRules } from './what-if-rules.js';

const kindsOfTimeouts = [...kindsOfVisits, 'first', 'shown', 'proved', 'resumed'] as const;
const kindsOfCandidates = [...kindsOfVisits, 'first', 'aged', 'aged_out'] as const;

/** Answers from counts: timeouts as they are, as they might be, and the exposure they leave. */
@Controller()
export class InsightController {
  constructor(
    private readonly questions: InsightQuestions,
    private readonly counts: CountsStore,
    private readonly whatIf: WhatIf,
    private readonly rules: WhatIfRules,
    private readonly exposure: ExposureOverTime,
    private readonly reuses: FalseTheft,
  ) {}

  @Operation(contracts.timeouts)
  async timeouts(@Input() { query, now }: InputOf<typeof contracts.timeouts>): Promise<Answer> {
    const found = await this.questions.find(await this.questions.read(query, now), kindsOfTimeouts);
    return answered(found, async () => ({
      ...timeoutsOnWire(found),
      low_value: await lowValueOf(found, this.counts),
    }));
  }

  @Operation(contracts.whatIf)
  async compare(@Input() { query, now }: InputOf<typeof contracts.whatIf>): Promise<Answer> {
    const { inactivity_timeout: idle, absolute_lifetime: lifetime, retry_window: retry } = query;
    const { sibling_window: sibling } = query;
    const { ip_change, device_mismatch, tls_fingerprint_change } = query;
    const stricter = { ip_change, device_mismatch, tls_fingerprint_change };
    const isStricter = Object.values(stricter).some((candidate) => candidate !== undefined);
    const question = await this.questions.read(query, now);
    const [found, details, retries, siblings, risk] = await Promise.all([
      this.questions.find(question, kindsOfCandidates),
      idle === undefined ? null : this.whatIf.details(question, idle),
      retry === undefined ? null : this.rules.retries(question, retry),
      sibling === undefined ? null : this.rules.siblings(question, sibling),
      isStricter ? this.rules.stricter(question, stricter) : null,
    ]);
    const needsCounts = (idle ?? lifetime) !== undefined;
    return answered(needsCounts ? found : { ...found, missing: [] }, async () => ({
      inactivity_timeout:
        idle === undefined || details === null ? null : this.whatIf.idle(found, idle, details),
      absolute_lifetime: lifetime === undefined ? null : lifetimeOnWire(found.evidence, lifetime),
      retry_window: retries,
      siblings,
      risk_rules: risk,
    }));
  }

  @Operation(contracts.reuseEnds)
  async reuseEnds(@Input() { query, now }: InputOf<typeof contracts.reuseEnds>): Promise<Answer> {
    return ok(await this.reuses.show(await this.questions.read(query, now)));
  }

  @Operation(contracts.exposure)
  async hours(@Input() { query, now }: InputOf<typeof contracts.exposure>): Promise<Answer> {
    const found = await this.questions.find(await this.questions.read(query, now), kindsOfVisits);
    return answered(found, () => this.exposure.show(found, query.policy, now));
  }
}

/** Too little data is an answer too: it says what is missing, and for how long. */
async function answered(found: FoundEvidence, figures: () => Promise<object>): Promise<Answer> {
  const { missing } = found;
  return ok({
    evidence: evidenceOnWire(found),
    missing,
    found: missing.length > 0 ? null : await figures(),
  });
}
