import { PolicyService, Registry } from '@curfew/clients';
import {
  type CountKind,
  CountsStore,
  comparedArms,
  Evidence,
  type FoundCounts,
  giveUpFrom,
  type MeasuredGiveUp,
  type Shortfall,
  shortfallsOf,
} from '@curfew/insight';
import { type Instant, instant, latest, plus, type SessionPolicy, seconds } from '@curfew/session-policy';
import { activityThrottleMs } from '@curfew/session-policy/lifecycle';
import { valueWords } from '@curfew/session-policy/settings';
import { Injectable } from '@nestjs/common';
import { notFound } from '../contract/problems.js';
import { written } from '../contract/wire.js';
import { policyReach } from '../policies/policy-reach.js';

/** A question to an insight operation. */
export interface InsightQuery {
  readonly client?: string | undefined;
  readonly policy?: string | undefined;
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
}

/** The question, with everything that it takes from the registry. */
export interface InsightQuestion {
  /** Undefined for all clients together. */
  readonly clientIds: readonly string[] | undefined;
  /** From the first day, and up to the day after the last. */
  readonly from: Instant;
  readonly to: Instant;
  /** The policy in force for the first of the clients. */
  readonly policy: SessionPolicy;
  readonly notes: readonly string[];
  /** The result of a canary in that time about people who give up; undefined where there was none. */
  readonly giveUp: MeasuredGiveUp | undefined;
}

/** The evidence for an answer. */
export interface FoundEvidence {
  readonly question: InsightQuestion;
  readonly counts: FoundCounts;
  readonly evidence: Evidence;
  readonly missing: readonly Shortfall[];
}

const dayMs = 86_400_000;
const presetDays = seconds(28 * 86_400);
/** The beginning of a day of UTC. */
export const dayOf = (at: Instant): Instant => instant(at - (at % dayMs));

/** Finds the counts that a question is about. */
@Injectable()
export class InsightQuestions {
  constructor(
    private readonly counts: CountsStore,
    private readonly policies: PolicyService,
    private readonly registry: Registry,
  ) {}

  /** The question of a query; a client or a policy that does not exist is told apart from one without counts. */
  async read({ client, policy, from, to }: InsightQuery, now: Instant): Promise<InsightQuestion> {
    const { clientIds, notes } = await this.subject(client, policy);
    const span = {
      from: dayOf(from ?? plus(now, seconds(-presetDays))),
      to: plus(dayOf(to ?? now), seconds(86_400)),
    };
    const arms = await this.counts.arms({ clientIds, ...span, kinds: ['reached', 'rejoined'] });
    const compared = comparedArms(arms);
    return {
      clientIds,
      ...span,
      giveUp: compared && giveUpFrom(compared),
      policy: await this.registry.effectivePolicy(clientIds?.[0] ?? '', []),
      notes,
    };
  }

  /** The counts of a question, or of a part of its time, ready to be asked. Each kind of counts costs as much as any other. */
  async find(
    question: InsightQuestion,
    kinds: readonly CountKind[],
    span: Partial<Pick<InsightQuestion, 'from' | 'to'>> = {},
  ): Promise<FoundEvidence> {
    const asked = { ...question, ...span };
    const counts = await this.counts.find({ ...asked, kinds });
    const missing = shortfallsOf(counts.groups, counts.days);
    const evidence = new Evidence(counts.groups, question.giveUp?.share);
    return { question: asked, counts, evidence, missing };
  }

  private async subject(client: string | undefined, policy: string | undefined) {
    if (client !== undefined) {
      if (!(await this.registry.client(client))) throw notFound('unknown_client', 'There is no such client.');
      return { clientIds: [client], notes: [] };
    }
    if (policy === undefined) return { clientIds: undefined, notes: [] };
    const { everyone, clients, resources } = await policyReach(this.policies, policy);
    const notes = [
      ...(resources.length > 0
        ? ['The policy is attached to APIs too; counts are by client, not by API.']
        : []),
      ...(everyone
        ? [
            'The policy is attached to everyone: all clients are counted, also those with a policy of their own.',
          ]
        : []),
    ];
    return { clientIds: everyone ? undefined : clients, notes };
  }
}

/** Clients are ranked by the last fortnight of the time asked about, which is kept by days. */
export const rankedSince = ({ from, to }: InsightQuestion): Instant =>
  latest(from, plus(to, seconds(-14 * 86_400)));

/** The evidence of an answer, as it is written. */
export function evidenceOnWire({ question, counts, evidence }: FoundEvidence) {
  const { from, to, policy, notes } = question;
  const { giveUpShare } = evidence;
  const resolution = resolutionOf(policy);
  return {
    from: written(from),
    to: written(to),
    days: counts.days,
    silences: Math.round(evidence.silences),
    visits: Math.round(evidence.visits),
    inactivity_timeouts: counts.groups
      .map(({ inactivityTimeout }) => inactivityTimeout)
      .sort((a, b) => a - b),
    resolution_seconds: resolution,
    give_up_share: { low: giveUpShare.low, high: giveUpShare.high, measured: giveUpShare.isMeasured },
    unknown: [
      `Silences shorter than ${resolution} seconds are not seen (counted as activity: ${valueWords('activity', policy.activity)}).`,
      ...(giveUpShare.isMeasured ? [] : [unmeasured(question)]),
      'People who come back more than eight hours after a timeout are taken for new visits.',
      ...(counts.groups.length > 1
        ? ['Several timeouts were in force; each is judged by its own counts.']
        : []),
      ...notes,
    ],
  };
}

/** The shortest silence that the policy lets anyone see: a refresh comes no sooner than its access token ages, and use is written sparsely. */
const resolutionOf = (policy: SessionPolicy): number =>
  policy.activity === 'refresh'
    ? policy.accessTokenLifetime
    : Math.round(activityThrottleMs(policy, policy) / 1_000);

/** Without a canary, and while it has seen too little, the share of people who give up is a band. */
function unmeasured({ giveUp }: InsightQuestion): string {
  if (!giveUp)
    return 'Nobody has measured how many people give up at the sign-in page; figures cover 5 to 20 %. A canary measures it.';
  const until = giveUp.days === null ? '' : `, enough in about ${giveUp.days} day(s) at the present rate`;
  return `The canary has seen ${Math.round(giveUp.have)} of about ${giveUp.need} first long silences in its smaller arm${until}; figures cover 5 to 20 % of people who give up.`;
}
