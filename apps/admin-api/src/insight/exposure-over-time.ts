import { setTimeout as pause } from 'node:timers/promises';
import { PolicyService } from '@curfew/clients';
import { CountsStore, Evidence, kindsOfVisits } from '@curfew/insight';
import { exposurePerDay } from '@curfew/insight/figures';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { written } from '../contract/wire.js';
import { Stats } from '../stats/stats.js';
import { dayOf, type FoundEvidence, type InsightQuestion, InsightQuestions } from './insight-question.js';

const weekLength = 7 * 86_400;
/** How long an answer waits for sessions to be counted. */
const maxWaitMs = 150;
/** Changes of a policy that are compared; each costs another reading of the counts. */
const maxChanges = 5;
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
    const [present, overTime, changes] = await Promise.all([
      this.present(question, now),
      this.byWeek(found),
      policy === undefined ? [] : this.changes(found, policy),
    ]);
    return {
      now: present,
      hours_per_day: evidence.estimate(exposurePerDay(counts.days)),
      over_time: overTime,
      last_change: changes[0] ?? null,
      changes,
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

  /** The latest changes of a policy, each between its neighbours; the day of a change belongs to neither side. */
  private async changes({ question }: FoundEvidence, policy: string) {
    const { from, to } = question;
    const made = (await this.policies.revisions(policy)).flatMap(
      ({ version, createdAt: at, policy: { inactivityTimeout } }) =>
        version > 1 && at !== null && at >= from && at <= to ? [{ version, at, inactivityTimeout }] : [],
    );
    const shown = made.slice(0, maxChanges);
    // Between two changes lie the days after the earlier one and before the later one; each such span is read once.
    const spans = await Promise.all(
      [...shown, undefined].map((change, index) => {
        const later = shown[index - 1];
        const earlier = change ?? made[maxChanges];
        return this.questions.find(question, kindsOfVisits, {
          from: earlier ? plus(dayOf(earlier.at), seconds(86_400)) : from,
          to: later ? dayOf(later.at) : to,
        });
      }),
    );
    return shown.map(({ version, at, inactivityTimeout }, index) => {
      const [after, before] = [spans[index]!, spans[index + 1]!];
      return {
        policy,
        version,
        at: written(at),
        before: before.evidence.estimate(exposurePerDay(before.counts.days)),
        predicted: before.evidence.estimate(exposurePerDay(before.counts.days, inactivityTimeout)),
        after: after.evidence.estimate(exposurePerDay(after.counts.days)),
      };
    });
  }
}
