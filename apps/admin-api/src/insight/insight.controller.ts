import { CountsStore } from '@curfew/insight';
import { Controller } from '@nestjs/common';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { ExposureOverTime } from './exposure-over-time.js';
import * as contracts from './insight-contracts.js';
import { evidenceOnWire, type FoundEvidence, InsightQuestions } from './insight-question.js';
import { lowValueOf, timeoutsOnWire } from './timeouts-view.js';
import { WhatIf } from './what-if.js';

/** Answers from counts: timeouts as they are, as they might be, and the exposure they leave. */
@Controller()
export class InsightController {
  constructor(
    private readonly questions: InsightQuestions,
    private readonly counts: CountsStore,
    private readonly whatIf: WhatIf,
    private readonly exposure: ExposureOverTime,
  ) {}

  @Operation(contracts.timeouts)
  async timeouts(@Input() { query, now }: InputOf<typeof contracts.timeouts>): Promise<Answer> {
    const found = await this.questions.find(await this.questions.read(query, now));
    return answered(found, async () => ({
      ...timeoutsOnWire(found),
      low_value: await lowValueOf(found, this.counts),
    }));
  }

  @Operation(contracts.whatIf)
  async compare(@Input() { query, now }: InputOf<typeof contracts.whatIf>): Promise<Answer> {
    const found = await this.questions.find(await this.questions.read(query, now));
    return answered(found, () =>
      this.whatIf.compare(found, {
        inactivityTimeout: query.inactivity_timeout,
        absoluteLifetime: query.absolute_lifetime,
        retryWindow: query.retry_window,
      }),
    );
  }

  @Operation(contracts.exposure)
  async hours(@Input() { query, now }: InputOf<typeof contracts.exposure>): Promise<Answer> {
    const found = await this.questions.find(await this.questions.read(query, now));
    return answered(found, () => this.exposure.show(found, query.policy));
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
