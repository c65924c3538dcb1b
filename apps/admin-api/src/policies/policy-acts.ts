import { type PolicyRevision, PolicyService, type PolicyTarget, RegistrationError } from '@curfew/clients';
import { EventLog } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import { type Actor, type Instant, parsePolicy, type SessionPolicy } from '@curfew/session-policy';
import { SignalsConfigurationError, SignalsReader } from '@curfew/signals';
import { Injectable } from '@nestjs/common';
import { type Act, adminActed, eventOf } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { requireBefore } from '../contract/before.js';

/** Acts of operators on policies and attachments. Each is checked for authority and commits with its events. */
@Injectable()
export class PolicyActs {
  constructor(
    private readonly policies: PolicyService,
    private readonly events: EventLog,
    private readonly signals: SignalsReader,
    private readonly authority: Authority,
  ) {}

  /** Writes the revision of a policy that follows version `previous`; 0 makes a new policy. */
  save(
    wanted: { readonly name: string; readonly previous: number; readonly settings: unknown },
    act: Act,
    tx: Transaction,
  ): Promise<PolicyRevision> {
    const { caller, operation, now } = act;
    return this.authority.change(act, { kind: 'policy', name: wanted.name }, tx, async () => {
      const parsed = parsePolicy(wanted.settings);
      const missing = parsed.ok ? this.missingFor(parsed.policy) : null;
      if (missing !== null) throw new RegistrationError('invalid_policy', [missing]);
      const author = { createdBy: `${caller.kind}:${caller.actor.id}`, by: caller.actor };
      const revision = await this.append(wanted, author, now, tx);
      await this.events.record([adminActed(caller, operation, revision.name, now)], tx);
      return revision;
    });
  }

  /** Writes a revision with its event. Whether the author may do so was decided before. */
  async append(
    wanted: { readonly name: string; readonly previous: number; readonly settings: unknown },
    { createdBy, by }: { readonly createdBy: string; readonly by: Actor },
    now: Instant,
    tx: Transaction,
  ): Promise<PolicyRevision> {
    const revision = await this.policies.save({ ...wanted, createdBy }, tx);
    const data = {
      policy: revision.name,
      version: revision.version,
      change: wanted.previous === 0 ? ('created' as const) : ('changed' as const),
      attachment: null,
      settings: Object.keys(wanted.settings as object),
      by,
    };
    await this.events.record([eventOf('policy.changed', data, now)], tx);
    return revision;
  }

  /** Attaches a policy in place of any other. */
  attach(
    target: PolicyTarget,
    { policy, before }: { readonly policy: string; readonly before?: string | null | undefined },
    act: Act,
    tx: Transaction,
  ): Promise<void> {
    return this.authority.change(act, target, tx, async () => {
      requireBefore(before, await this.policies.attachedTo(target, tx));
      await this.policies.attach(target, policy, tx);
      const version = (await this.policies.find(policy, tx))?.version ?? 0;
      await this.note(target, { policy, version, change: 'attached' }, act, tx);
    });
  }

  /** Takes the policy from a target, if it has one. */
  detach(target: PolicyTarget, before: string | null | undefined, act: Act, tx: Transaction): Promise<void> {
    return this.authority.change(act, target, tx, async () => {
      const policy = await this.policies.attachedTo(target, tx);
      requireBefore(before, policy);
      if (policy === null || !(await this.policies.detach(target, tx))) return;
      await this.note(target, { policy, version: 0, change: 'detached' }, act, tx);
    });
  }

  /** A sentence about a setting that a policy needs and this installation lacks, or null. */
  missingFor(policy: SessionPolicy): string | null {
    try {
      this.signals.requireFor(policy);
      return null;
    } catch (error) {
      if (error instanceof SignalsConfigurationError) return error.message;
      throw error;
    }
  }

  private async note(
    target: PolicyTarget,
    change: { readonly policy: string; readonly version: number; readonly change: 'attached' | 'detached' },
    { caller, operation, now }: Act,
    tx: Transaction,
  ): Promise<void> {
    const data = { ...change, attachment: keyOf(target), settings: [], by: caller.actor };
    await this.events.record(
      [eventOf('policy.changed', data, now), adminActed(caller, operation, change.policy, now)],
      tx,
    );
  }
}

const keyOf = (target: PolicyTarget): { kind: PolicyTarget['kind']; target: string } => ({
  kind: target.kind,
  target: target.kind === 'client' ? target.id : target.kind === 'resource' ? target.audience : '',
});
