import type { PolicyRevision } from '@curfew/clients';
import { CountsStore, type Estimate, kindsOfVisits } from '@curfew/insight';
import {
  type AdaptationEvidence,
  type AdaptationSettings,
  type AdaptationState,
  failureGuard,
  foldShareOf,
  lostVisitsGuard,
  neededForAdaptation,
  resumptionGuard,
  stages,
  visitsOf,
} from '@curfew/insight/adaptation';
import { exposurePerDay, signInsPerPersonDay } from '@curfew/insight/figures';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { dayOf, type FoundEvidence, InsightQuestions } from '../insight/insight-question.js';
import { AdaptationStore } from './adaptation.store.js';

const kinds = [...kindsOfVisits, 'first'] as const;
/** The first whole day after an instant: counts are by day, and a guard compares days of which each was under one stage. */
const wholeDayAfter = (at: Instant): Instant => plus(dayOf(at), seconds(86_400));

/** Collects what a decision about a policy rests on. */
@Injectable()
export class PolicyEvidence {
  constructor(
    private readonly questions: InsightQuestions,
    private readonly counts: CountsStore,
    private readonly store: AdaptationStore,
  ) {}

  /** The evidence of the last four weeks, and of the present stage where a rollout is under way. */
  async find(
    { name, policy }: PolicyRevision,
    settings: AdaptationSettings,
    state: AdaptationState,
    now: Instant,
  ): Promise<AdaptationEvidence> {
    const question = await this.questions.read({ policy: name }, now);
    const found = await this.questions.find(question, kinds);
    const costOf = figureOf(settings, found);
    const { clientIds } = question;
    return {
      timeoutInForce: policy.inactivityTimeout,
      hasCanary: policy.canary !== null && state.rollout === null,
      days: found.counts.days,
      visits: found.evidence.visits,
      accounts: await this.store.accounts(clientIds, question.from, neededForAdaptation.accounts),
      foldShare: foldShareOf(found.counts.groups),
      halves: await this.halves(settings, found, policy.inactivityTimeout),
      costOf: (timeout) => costOf(timeout),
      ...(await this.ofRollout(clientIds, state, now)),
      openAttackAlerts: await this.store.openAlerts(now),
      releasedAt: await this.store.releasedAt(clientIds),
    };
  }

  /**
   * The figure of the budget in the earlier and the later half of the days that were counted. They are counted back from the last one: if
   * counting began a fortnight ago, halves of the four weeks asked about would leave the earlier one empty, and no drift would ever be
   * seen.
   */
  private async halves(settings: AdaptationSettings, { question, counts }: FoundEvidence, timeout: number) {
    const middle = plus(question.to, seconds(-Math.ceil(counts.days / 2) * 86_400));
    const [earlier, later] = await Promise.all([
      this.questions.find(question, kinds, { to: middle }),
      this.questions.find(question, kinds, { from: middle }),
    ]);
    // Few silences in a visit are as good as many: the figures are about visits.
    if ([...earlier.missing, ...later.missing].some(({ of }) => of !== 'silences')) return null;
    return [figureOf(settings, earlier)(timeout), figureOf(settings, later)(timeout)] as const;
  }

  private async ofRollout(
    clientIds: readonly string[] | undefined,
    { rollout }: AdaptationState,
    now: Instant,
  ) {
    if (!rollout) return { stageVisits: 0, guards: [] };
    const to = plus(now, seconds(86_400));
    const arms = (from: Instant) => this.counts.arms({ clientIds, from, to });
    const since = wholeDayAfter(rollout.since);
    const [ofStage, ofAll, seen] = await Promise.all([
      arms(since),
      arms(wholeDayAfter(rollout.startedAt)),
      arms(rollout.since),
    ]);
    const share = stages[rollout.stage - 1]!;
    const guards =
      rollout.stage === stages.length
        ? resumptionGuard(ofAll, ofStage, rollout.to)
        : [...lostVisitsGuard(ofAll), ...failureGuard(ofStage, await this.store.failures(share, since))];
    return { stageVisits: visitsOf(seen), guards };
  }
}

/** The figure that the budget limits, under a timeout. */
function figureOf(
  { budget }: AdaptationSettings,
  { counts, evidence }: FoundEvidence,
): (timeout: number) => Estimate {
  const isSignIns = budget.kind === 'sign_ins_per_person_day';
  const known = new Map<number, Estimate>();
  return (timeout) => {
    const figure = isSignIns ? signInsPerPersonDay(timeout) : exposurePerDay(counts.days, timeout);
    const estimate = known.get(timeout) ?? evidence.estimate(figure);
    known.set(timeout, estimate);
    return estimate;
  };
}
