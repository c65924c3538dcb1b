import { PolicyService } from '@curfew/clients';
import { exposurePerDay } from '@curfew/insight';
import { type Instant, instant, plus, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { written } from '../contract/wire.js';
import { type FoundEvidence, InsightQuestions } from './insight-question.js';

const week = seconds(7 * 86_400);
const dayMs = 86_400_000;
/** Weeks that are shown, newest first. */
const maxWeeks = 26;

/** Exposure as it is, as it was, and what the last change of a policy did to it. */
@Injectable()
export class ExposureOverTime {
  constructor(
    private readonly questions: InsightQuestions,
    private readonly policies: PolicyService,
  ) {}

  /** All that is known about it. */
  async show(found: FoundEvidence, policy: string | undefined) {
    const { evidence, counts } = found;
    return {
      hours_per_day: evidence.estimate(exposurePerDay(counts.days)),
      over_time: await this.byWeek(found),
      last_change: policy === undefined ? null : await this.lastChange(found, policy),
    };
  }

  private async byWeek({ question }: FoundEvidence) {
    const starts: Instant[] = [];
    for (let from = question.from; from < question.to; from = plus(from, week)) starts.push(from);
    const parts = await Promise.all(
      starts
        .slice(-maxWeeks)
        .map((from) =>
          this.questions.find(question, { from, to: Math.min(question.to, plus(from, week)) as Instant }),
        ),
    );
    return parts
      .filter(({ counts: { days } }) => days > 0)
      .map(({ question: { from }, evidence, counts: { days } }) => ({
        from: written(from),
        days,
        hours_per_day: evidence.estimate(exposurePerDay(days)),
      }));
  }

  /** The days before the last revision and those after it; the day itself belongs to neither. */
  private async lastChange({ question }: FoundEvidence, policy: string) {
    const [latest] = await this.policies.revisions(policy);
    const at = latest?.createdAt ?? null;
    if (!latest || latest.version < 2 || at === null || at < question.from || at > question.to) return null;
    const day = instant(at - (at % dayMs));
    const before = await this.questions.find(question, { to: day });
    const after = await this.questions.find(question, { from: plus(day, seconds(86_400)) });
    const { inactivityTimeout } = latest.policy;
    return {
      policy,
      version: latest.version,
      at: written(at),
      before: before.evidence.estimate(exposurePerDay(before.counts.days)),
      predicted: before.evidence.estimate(exposurePerDay(before.counts.days, inactivityTimeout)),
      after: after.evidence.estimate(exposurePerDay(after.counts.days)),
    };
  }
}
