import { type PolicyRevision, PolicyService, RegistrationError, Registry } from '@curfew/clients';
import { EventLog } from '@curfew/events';
import { ceilingOf, freshState, parseAdaptation, releaseDays } from '@curfew/insight/adaptation';
import { PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import { ProblemError } from '@curfew/web';
import { Injectable } from '@nestjs/common';
import { type Act, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { requireBefore } from '../contract/before.js';
import { notFound } from '../contract/problems.js';
import { AdaptationStore, type Proposal, type StoredAdaptation } from './adaptation.store.js';
import { AdaptationSteps, type AdaptedPolicy, type StepCause } from './adaptation-steps.js';

/** Acts of operators on adaptations. Each is checked for authority over the policy and commits with its events. */
@Injectable()
export class AdaptationActs {
  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicyService,
    private readonly registry: Registry,
    private readonly store: AdaptationStore,
    private readonly steps: AdaptationSteps,
    private readonly events: EventLog,
    private readonly authority: Authority,
  ) {}

  /** How a policy adapts, or null. @throws ProblemError where there is no such policy. */
  async find(name: string): Promise<StoredAdaptation | null> {
    await this.existing(name);
    return this.store.find(name);
  }

  /** Proposals of a policy, the latest first. */
  async proposals(name: string): Promise<readonly Proposal[]> {
    await this.existing(name);
    return this.store.proposals(name);
  }

  /** Lets a policy adapt by these settings. With the mode off, what is under way is stopped. @throws RegistrationError with every fault. */
  put(
    name: string,
    settings: Written,
    seen: Written | null | undefined,
    act: Act,
  ): Promise<StoredAdaptation> {
    const parsed = parseAdaptation(settings);
    if (!parsed.ok) throw new RegistrationError('invalid_policy', parsed.violations);
    return this.change(name, act, async (revision, before, tx) => {
      if (revision.profile !== null) throw new RegistrationError('policy_is_built_in');
      requireBefore(seen, before?.settings ?? null);
      const fresh = { policy: name, state: freshState, decidedAt: null, decision: null };
      const stored = { ...(before ?? fresh), settings };
      const isOff = parsed.settings.mode === 'off';
      const after = isOff
        ? await this.steps.stop({ revision, stored }, causeOf(act), act.now, tx)
        : { ...stored, state: { ...stored.state, stoppedAt: null } };
      await this.store.write(after, tx);
      return after;
    });
  }

  /** Removes the settings, after what is under way is stopped. */
  async remove(name: string, act: Act): Promise<void> {
    await this.change(name, act, async (revision, stored, tx) => {
      if (!stored) return;
      await this.steps.stop({ revision, stored }, causeOf(act), act.now, tx);
      await this.store.remove(name, tx);
    });
  }

  /** Stops the adaptation of one policy, or of all of them in one transaction; their names. */
  async stop(policy: string | undefined, act: Act): Promise<readonly string[]> {
    if (policy !== undefined) await this.existing(policy);
    return this.prisma.$transaction(async (tx) => {
      const stopped: string[] = [];
      for (const name of policy === undefined ? await this.store.names(tx) : [policy])
        await this.changeWithin(name, act, tx, async (revision, stored) => {
          if (!stored) return;
          const off = { ...stored, settings: { ...stored.settings, mode: 'off' } };
          await this.store.write(
            await this.steps.stop({ revision, stored: off }, causeOf(act), act.now, tx),
            tx,
          );
          stopped.push(name);
        });
      return stopped;
    });
  }

  /** Takes the step that was proposed: a shorter timeout begins as a canary, a longer one is for all new sessions. */
  approve(one: ProposalName, note: string | undefined, act: Act): Promise<Proposal> {
    return this.settled(one, 'approved', act, async (adapted, { from_timeout: from, to_timeout: to }, tx) => {
      refuseOutdated(adapted, from, to);
      const cause = causeOf(act, note);
      const after =
        to < from
          ? await this.steps.stage(adapted, { to, stage: 1 }, cause, act.now, tx)
          : await this.steps.settle(adapted, 'lengthened', to, cause, act.now, tx);
      await this.store.write(after, tx);
    });
  }

  /** Declines a proposal. The same step is not proposed again for four weeks. */
  decline(one: ProposalName, note: string | undefined, act: Act): Promise<Proposal> {
    return this.settled(one, 'declined', act, ({ revision }, { from_timeout: from, to_timeout: to }, tx) =>
      this.steps.propose({ revision }, 'declined', { from, to }, causeOf(act, note), act.now, tx),
    );
  }

  /** Marks a release of an application; until when policies of its client stay as they are. */
  async release(clientId: string, act: Act): Promise<Instant> {
    if (!(await this.registry.client(clientId))) throw notFound('unknown_client', 'There is no such client.');
    const { caller, operation, now } = act;
    await this.prisma.$transaction(async (tx) => {
      await this.store.release(clientId, now, causeOf(act).createdBy, tx);
      await this.events.record([adminActed(caller, operation, clientId, now, { clientId })], tx);
    });
    return frozenUntil(now);
  }

  private settled(
    { name, id }: ProposalName,
    status: 'approved' | 'declined',
    act: Act,
    work: (adapted: AdaptedPolicy, proposal: Proposal, tx: Transaction) => Promise<void>,
  ): Promise<Proposal> {
    return this.change(name, act, async (revision, stored, tx) => {
      const proposal = await this.store.proposal(name, id, tx);
      if (!proposal || !stored) throw notFound('unknown_proposal', 'The policy has no such proposal.');
      if (proposal.status !== 'open')
        throw new ProblemError({
          status: 409,
          code: 'proposal_settled',
          detail: `The proposal is ${proposal.status} already.`,
        });
      await work({ revision, stored }, proposal, tx);
      const by = causeOf(act).createdBy;
      await this.store.settle({ id, status, by }, act.now, tx);
      return { ...proposal, status, settled_at: new Date(act.now), settled_by: by };
    });
  }

  private change<T>(name: string, act: Act, work: Work<T>): Promise<T> {
    return this.prisma.$transaction((tx) => this.changeWithin(name, act, tx, work));
  }

  private changeWithin<T>(name: string, act: Act, tx: Transaction, work: Work<T>): Promise<T> {
    return this.authority.change(act, { kind: 'policy', name }, tx, async () => {
      const stored = await this.store.hold(name, tx);
      const made = await work(await this.existing(name, tx), stored, tx);
      await this.events.record([adminActed(act.caller, act.operation, name, act.now)], tx);
      return made;
    });
  }

  private async existing(name: string, tx?: Transaction): Promise<PolicyRevision> {
    const revision = await this.policies.find(name, tx);
    if (!revision) throw notFound('unknown_policy', 'There is no such policy.');
    return revision;
  }
}

/** Settings of an adaptation as they are sent. */
type Written = Readonly<Record<string, unknown>>;

/** A proposal of a policy. */
interface ProposalName {
  readonly name: string;
  readonly id: string;
}

type Work<T> = (revision: PolicyRevision, stored: StoredAdaptation | null, tx: Transaction) => Promise<T>;

/** An act of an operator as the cause of a step; their statement about it is its reason. */
const causeOf = ({ caller }: Act, note?: string): StepCause => ({
  createdBy: `${caller.kind}:${caller.actor.id}`,
  by: caller.actor,
  reasons: note ? [note] : [],
  numbers: {},
});

/** The end of the time in which the policies of an application do not adapt after its release. */
export const frozenUntil = (releasedAt: Instant): Instant => plus(releasedAt, seconds(releaseDays * 86_400));

/** A proposal is about the policy as it was, within the settings of now. */
function refuseOutdated({ revision, stored }: AdaptedPolicy, from: number, to: number): void {
  const { policy } = revision;
  const parsed = parseAdaptation(stored.settings);
  const isWithin =
    parsed.ok &&
    parsed.settings.mode !== 'off' &&
    to >= parsed.settings.floor &&
    to <= ceilingOf(parsed.settings);
  const isSame = policy.inactivityTimeout === from && policy.canary === null && stored.state.rollout === null;
  if (!isWithin || !isSame)
    throw new ProblemError({
      status: 409,
      code: 'proposal_outdated',
      detail: 'The policy or the way it may adapt has changed since this was proposed. Nothing was changed.',
    });
}
