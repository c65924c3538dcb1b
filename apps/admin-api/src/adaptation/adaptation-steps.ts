import type { PolicyRevision } from '@curfew/clients';
import { EventLog } from '@curfew/events';
import {
  type AdaptationEvidence,
  type AdaptationState,
  afterStage,
  stages,
} from '@curfew/insight/adaptation';
import type { Transaction } from '@curfew/persistence';
import {
  type Actor,
  type EventData,
  type Instant,
  type SessionPolicy,
  seconds,
} from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { eventOf } from '../access/acts.js';
import { PolicyActs } from '../policies/policy-acts.js';
import { AdaptationStore, type StoredAdaptation } from './adaptation.store.js';

/** The author of a step, the reasons for it and the figures it rests on. */
export interface StepCause {
  readonly createdBy: string;
  readonly by: Actor;
  readonly reasons: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
}

/** A policy with the way it adapts, both held by the transaction. */
export interface AdaptedPolicy {
  readonly revision: PolicyRevision;
  readonly stored: StoredAdaptation;
}

type Step = EventData['policy.adapted']['step'];

/** Writes the steps of adaptations: the revision, the state and the event in one transaction. */
@Injectable()
export class AdaptationSteps {
  constructor(
    private readonly store: AdaptationStore,
    private readonly acts: PolicyActs,
    private readonly events: EventLog,
  ) {}

  /** Begins a stage of a rollout: a canary of the new timeout, and in the last one the timeout of all accounts. */
  async stage(
    { revision, stored }: AdaptedPolicy,
    { to, stage }: { readonly to: number; readonly stage: number },
    cause: StepCause,
    now: Instant,
    tx: Transaction,
  ): Promise<StoredAdaptation> {
    const from = stored.state.rollout?.from ?? revision.policy.inactivityTimeout;
    const share = stages[stage - 1]!;
    const changes =
      stage === stages.length
        ? { inactivityTimeout: to, canary: null }
        : { inactivityTimeout: from, canary: { inactivityTimeout: to, share } };
    const version = await this.#revise(revision, changes, cause, now, tx);
    const state = afterStage(stored.state, { from, to, stage }, now);
    await this.#tell('staged', revision, { version, from, to, share }, cause, now, tx);
    return { ...stored, state };
  }

  /** Puts a timeout in force for all accounts, and ends the rollout if there is one. */
  async settle(
    { revision, stored }: AdaptedPolicy,
    step: 'rolled_back' | 'lengthened',
    to: number,
    cause: StepCause,
    now: Instant,
    tx: Transaction,
  ): Promise<StoredAdaptation> {
    const from = stored.state.rollout?.to ?? revision.policy.inactivityTimeout;
    const changes = { inactivityTimeout: to, canary: null };
    const version = await this.#revise(revision, changes, cause, now, tx);
    await this.#tell(step, revision, { version, from, to, share: null }, cause, now, tx);
    const harmed = step === 'rolled_back' ? { rolledBackAt: now } : {};
    return { ...stored, state: { ...stored.state, rollout: null, ...harmed } };
  }

  /** Ends a rollout that leaves the policy as it is: at its end, or because a person changed the policy meanwhile. */
  async close(
    { revision, stored }: AdaptedPolicy,
    step: 'finished' | 'abandoned',
    cause: StepCause,
    now: Instant,
    tx: Transaction,
  ): Promise<StoredAdaptation> {
    const { from = null, to = null } = stored.state.rollout ?? {};
    await this.#tell(step, revision, { version: null, from, to, share: null }, cause, now, tx);
    return { ...stored, state: { ...stored.state, rollout: null } };
  }

  /**
   * Stops an adaptation. The canary of a rollout is taken back, so that all accounts are under the timeout that the policy names; proposals are
   * withdrawn. In the last stage the new timeout is the one that the policy names, and it stays.
   */
  async stop(
    { revision, stored }: AdaptedPolicy,
    cause: StepCause,
    now: Instant,
    tx: Transaction,
  ): Promise<StoredAdaptation> {
    const { rollout } = stored.state;
    const { policy } = revision;
    const isCanary = rollout !== null && policy.canary !== null && isAsLeft(policy, stored.state);
    const version = isCanary ? await this.#revise(revision, { canary: null }, cause, now, tx) : null;
    await this.store.withdraw(revision.name, now, tx);
    const { from = null, to = null } = rollout ?? {};
    await this.#tell('stopped', revision, { version, from, to, share: null }, cause, now, tx);
    return { ...stored, state: { ...stored.state, rollout: null, stoppedAt: now } };
  }

  /** Tells of a proposal that was made or declined. */
  propose(
    { revision }: Pick<AdaptedPolicy, 'revision'>,
    step: 'proposed' | 'declined',
    { from, to }: { readonly from: number; readonly to: number },
    cause: StepCause,
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    return this.#tell(step, revision, { version: null, from, to, share: null }, cause, now, tx);
  }

  async #revise(
    { name, version, settings }: PolicyRevision,
    changes: object,
    cause: StepCause,
    now: Instant,
    tx: Transaction,
  ): Promise<number> {
    const wanted = { name, previous: version, settings: { ...settings, ...changes } };
    return (await this.acts.append(wanted, cause, now, tx)).version;
  }

  async #tell(
    step: Step,
    { name }: PolicyRevision,
    told: {
      readonly version: number | null;
      readonly from: number | null;
      readonly to: number | null;
      readonly share: number | null;
    },
    { by, reasons, numbers }: StepCause,
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    const { version, share } = told;
    const length = (timeout: number | null) => (timeout === null ? null : seconds(timeout));
    const data = { policy: name, version, step, from: length(told.from), to: length(told.to), share };
    await this.events.record([eventOf('policy.adapted', { ...data, reasons, numbers, by }, now)], tx);
  }
}

/** Whether a policy is as the present stage of its rollout left it: no person has changed its timeout or its canary since. */
export function isAsLeft(
  { inactivityTimeout, canary }: SessionPolicy,
  { rollout }: AdaptationState,
): boolean {
  if (!rollout) return true;
  const { from, to, stage } = rollout;
  if (stage === stages.length) return inactivityTimeout === to && canary === null;
  return inactivityTimeout === from && canary?.inactivityTimeout === to && canary.share === stages[stage - 1];
}

/** The figures of a decision, as proposals and events keep them. */
export function numbersOf(evidence: AdaptationEvidence, to: number | undefined): Record<string, number> {
  const { days, visits, accounts, foldShare, timeoutInForce, stageVisits, guards } = evidence;
  const cost = (name: string, timeout: number | undefined) => {
    if (timeout === undefined) return {};
    const { value, low, high } = evidence.costOf(timeout);
    return { [`${name}`]: value, [`${name} low`]: low, [`${name} high`]: high };
  };
  const all = {
    ...{ days, visits, accounts, 'largest fold': foldShare, 'visits in the stage': stageVisits },
    ...cost('cost before', timeoutInForce),
    ...cost('cost after', to),
    ...Object.fromEntries(guards.map(({ name, value }) => [name, value])),
  };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, value]) => Number.isFinite(value))
      .map(([name, value]) => [name, Number(value.toPrecision(6))]),
  );
}
