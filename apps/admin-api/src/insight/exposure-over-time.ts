import { setTimeout as pause } from 'node:timers/promises';
import { PolicyService } from '@curfew/clients';
import { CountsStore, Evidence, exposurePerDay, kindsOfVisits } from '@curfew/insight';
import { type Instant, instant, plus, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { written } from '../contract/wire.js';
import { Stats } from '../stats/stats.js';
import { type FoundEvidence, type InsightQuestion, InsightQuestions } from './insight-question.js';

const weekLength = 7 * 86_400;
/** How long an answer waits for sessions to be counted. */
const maxWaitMs = 150;
const dayMs = 86_400_000;
/** Weeks that are shown, newest first. */
const maxWeeks = 26;

/** Exposure as it is, as it was, and what the last change of a policy did to it. */
@Injectable()
export class ExposureOverTime {
  constructor(
    private readonly questions: InsightQuestions,
    private readonly policies: PolicyService,
    private readonly counts: CountsStore,
    private readonly stats: Stats,
  ) {}

  /** All that is known about it. */
  async show(found: FoundEvidence, policy: string | undefined, now: Instant) {
    const { evidence, counts, question } = found;
    const [present, overTime, lastChange] = await Promise.all([
      this.present(question, now),
      this.byWeek(found),
      policy === undefined ? null : this.lastChange(found, policy),
    ]);
    return {
      now: present,
      hours_per_day: evidence.estimate(exposurePerDay(counts.days)),
      over_time: overTime,
      last_change: lastChange,
    };
  }

  /** Sessions that are unattended at this moment. Very many take a while to count; an answer does not wait for that. */
  private async present({ clientIds }: InsightQuestion, now: Instant) {
    const counted = await Promise.race([this.stats.read(now), pause(maxWaitMs, undefined, { ref: false })]);
    if (counted === undefined) return null;
    const { at, figures } = counted;
    const sum = { live: 0, unattended: 0, usable_hours: 0 };
    for (const { client_id: clientId, count, unattended, unattended_hours: hours } of figures.liveByClient) {
      if (clientIds !== undefined && !clientIds.includes(clientId)) continue;
      sum.live += count;
      sum.unattended += unattended;
      sum.usable_hours += hours;
    }
    return { counted_at: written(at), ...sum };
  }

  private async byWeek({ evidence, question: { clientIds, from, to } }: FoundEvidence) {
    const weeks = await this.counts.findByWeek({ clientIds, from, to, kinds: kindsOfVisits });
    return weeks.slice(-maxWeeks).map(({ week, groups, days }) => ({
      from: written(plus(from, seconds(week * weekLength))),
      days,
      hours_per_day: new Evidence(groups, evidence.giveUpShare).estimate(exposurePerDay(days)),
    }));
  }

  /** The days before the last revision and those after it; the day itself belongs to neither. */
  private async lastChange({ question }: FoundEvidence, policy: string) {
    const [latest] = await this.policies.revisions(policy);
    const at = latest?.createdAt ?? null;
    if (!latest || latest.version < 2 || at === null || at < question.from || at > question.to) return null;
    const day = instant(at - (at % dayMs));
    const before = await this.questions.find(question, kindsOfVisits, { to: day });
    const after = await this.questions.find(question, kindsOfVisits, { from: plus(day, seconds(86_400)) });
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
