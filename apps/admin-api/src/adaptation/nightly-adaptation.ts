import { isDeepStrictEqual } from 'node:util';
import { type PolicyRevision, PolicyService, RegistrationError } from '@curfew/clients';
import {
  type AdaptationDecision,
  type AdaptationEvidence,
  decideAdaptation,
  type NeededForAdaptation,
  neededForAdaptation,
  parseAdaptation,
} from '@curfew/insight/adaptation';
import { PrismaService, type Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { newId } from '@curfew/tokens';
import { Injectable } from '@nestjs/common';
import { dayOf } from '../insight/insight-question.js';
import { AdaptationStore, type StoredAdaptation } from './adaptation.store.js';
import {
  AdaptationSteps,
  type AdaptedPolicy,
  isAsLeft,
  numbersOf,
  type StepCause,
} from './adaptation-steps.js';
import { PolicyEvidence } from './policy-evidence.js';

const hourMs = 3_600_000;
const byAdaptation = {
  createdBy: 'adaptation',
  by: { kind: 'policy', id: 'adaptation', ip: null },
} as const;

/** Decides once a day (UTC) about each policy that adapts. */
@Injectable()
export class NightlyAdaptation {
  /** The hour of the last run of this process. A step that failed in it is tried again in the next one. */
  #hour = -1;
  /** How much evidence a step needs. */
  protected readonly needed: NeededForAdaptation = neededForAdaptation;

  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicyService,
    private readonly store: AdaptationStore,
    private readonly evidence: PolicyEvidence,
    private readonly steps: AdaptationSteps,
  ) {}

  /** Decides about every policy that nothing has been decided about today. If there are several processes, one takes the step. */
  async run(now: Instant): Promise<void> {
    const hour = Math.floor(now / hourMs);
    if (hour === this.#hour) return;
    this.#hour = hour;
    const faults: unknown[] = [];
    for (const name of await this.store.due(dayOf(now)))
      await this.decide(name, now).catch((fault: unknown) => faults.push(fault));
    await this.store.prune(now);
    if (faults.length > 0) throw new AggregateError(faults, 'deciding about policies failed');
  }

  private async decide(name: string, now: Instant): Promise<void> {
    const [stored, revision] = await Promise.all([this.store.find(name), this.policies.find(name)]);
    if (!stored || !revision) return;
    const parsed = parseAdaptation(stored.settings);
    if (!parsed.ok) return this.note(stored, { kind: 'stay', reasons: parsed.violations }, now);
    const { settings } = parsed;
    const evidence = await this.evidence.find(revision, settings, stored.state, now);
    const decision: AdaptationDecision = isAsLeft(revision.policy, stored.state)
      ? decideAdaptation(settings, stored.state, evidence, now, this.needed)
      : { kind: 'abandon', reasons: ['the policy was changed during the rollout'] };
    await this.prisma
      .$transaction((tx) => this.take({ revision, stored }, decision, evidence, now, tx))
      .catch((error: unknown) => {
        if (!(error instanceof RegistrationError) || error.code !== 'invalid_policy') throw error;
        return this.note(stored, { kind: 'stay', reasons: error.violations }, now);
      });
  }

  /** Takes the step that was decided, unless something has changed since the evidence was read: then it is decided again in an hour. */
  private async take(
    adapted: AdaptedPolicy,
    decision: AdaptationDecision,
    evidence: AdaptationEvidence,
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    if (!(await this.isUnchanged(adapted, tx))) return;
    const { kind, reasons } = decision;
    const numbers = numbersOf(evidence, 'to' in decision ? decision.to : undefined);
    const cause = { ...byAdaptation, reasons, numbers };
    const looked = withLook(adapted.stored, decision);
    const after = await this.step({ ...adapted, stored: looked }, decision, cause, now, tx);
    await this.store.write({ ...after, decision: { kind, reasons }, decidedAt: now }, tx);
  }

  private async isUnchanged(
    { revision, stored }: { readonly revision: PolicyRevision; readonly stored: StoredAdaptation },
    tx: Transaction,
  ): Promise<boolean> {
    const held = await this.store.hold(revision.name, tx);
    const current = await this.policies.find(revision.name, tx);
    return isDeepStrictEqual(held, stored) && current?.version === revision.version;
  }

  private async step(
    adapted: AdaptedPolicy,
    decision: AdaptationDecision,
    cause: StepCause,
    now: Instant,
    tx: Transaction,
  ): Promise<StoredAdaptation> {
    switch (decision.kind) {
      case 'stay':
      case 'freeze':
        return adapted.stored;
      case 'propose':
        await this.propose(adapted, decision.to, cause, now, tx);
        return adapted.stored;
      case 'stage':
        return this.steps.stage(adapted, decision, cause, now, tx);
      case 'roll_back':
        return this.steps.settle(adapted, 'rolled_back', decision.to, cause, now, tx);
      case 'finish':
        return this.steps.close(adapted, 'finished', cause, now, tx);
      case 'abandon':
        return this.steps.close(adapted, 'abandoned', cause, now, tx);
    }
  }

  private async propose(
    { revision }: AdaptedPolicy,
    to: number,
    cause: StepCause,
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    const { name, policy } = revision;
    const from = policy.inactivityTimeout;
    const numbers = { ...cause.numbers, reasons: cause.reasons };
    if (await this.store.propose({ id: newId(now), policy: name, from, to, numbers }, now, tx))
      await this.steps.propose({ revision }, 'proposed', { from, to }, cause, now, tx);
  }

  private note(
    { policy }: StoredAdaptation,
    decision: { readonly kind: string; readonly reasons: readonly string[] },
    now: Instant,
  ): Promise<void> {
    return this.prisma.$transaction(async (tx) => {
      const held = await this.store.hold(policy, tx);
      if (held) await this.store.write({ ...held, decision, decidedAt: now }, tx);
    });
  }
}

/** Each look at the guards of a rollout spends a part of the certainty. */
function withLook(stored: StoredAdaptation, { kind }: AdaptationDecision): StoredAdaptation {
  const { rollout } = stored.state;
  if (!rollout || kind === 'abandon') return stored;
  return { ...stored, state: { ...stored.state, rollout: { ...rollout, looks: rollout.looks + 1 } } };
}
