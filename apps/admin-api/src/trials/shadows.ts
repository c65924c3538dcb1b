import { type PolicyRevision, PolicyService, type PolicyShadow, RegistrationError } from '@curfew/clients';
import { EventLog } from '@curfew/events';
import { PrismaService } from '@curfew/persistence';
import { instant, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { type Act, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { notFound } from '../contract/problems.js';
import { policyReach } from '../policies/policy-reach.js';
import { MarkedSessionsStore } from './marked-sessions.store.js';

/** Timeouts to be tried, in seconds. */
export interface ShadowCandidate {
  readonly inactivityTimeout: number | undefined;
  readonly absoluteLifetime: number | undefined;
}

/** A shadow in force: one that was set, or the shorter timeout of a canary. */
export type ShadowInForce = Omit<PolicyShadow, 'createdBy'> & { readonly isOfCanary: boolean };

/** Shadows of policies: set, removed, and what they would have ended. */
@Injectable()
export class Shadows {
  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicyService,
    private readonly events: EventLog,
    private readonly authority: Authority,
    private readonly marks: MarkedSessionsStore,
  ) {}

  /** The shadow in force for a policy, or null. */
  async inForce(name: string): Promise<ShadowInForce | null> {
    const { policy, createdAt } = await this.existing(name);
    const { canary, inactivityTimeout } = policy;
    if (canary) {
      const shorter = seconds(Math.min(canary.inactivityTimeout, inactivityTimeout));
      const since = createdAt ?? instant(0);
      return { policy: name, inactivityTimeout: shorter, absoluteLifetime: null, since, isOfCanary: true };
    }
    const shadow = await this.policies.shadow(name);
    return shadow && { ...shadow, isOfCanary: false };
  }

  /** How many sessions it would have ended. */
  async count({ policy, since }: ShadowInForce) {
    return this.marks.count(await policyReach(this.policies, policy), since);
  }

  /** A page of the sessions it would have ended. */
  async page({ policy, since }: ShadowInForce, position: Parameters<MarkedSessionsStore['page']>[2]) {
    return this.marks.page(await policyReach(this.policies, policy), since, position);
  }

  /** Sets the shadow of a policy. @throws RegistrationError where it would end no session earlier. */
  async set(name: string, candidate: ShadowCandidate, act: Act): Promise<ShadowInForce> {
    const { policy } = await this.existing(name);
    const inactivityTimeout = candidate.inactivityTimeout ?? policy.inactivityTimeout;
    const absoluteLifetime = candidate.absoluteLifetime ?? null;
    const violations = [
      ...(policy.canary ? ['the policy has a canary, whose shorter timeout is its shadow'] : []),
      ...(inactivityTimeout >= policy.inactivityTimeout &&
      (absoluteLifetime ?? policy.absoluteLifetime) >= policy.absoluteLifetime
        ? [
            `inactivity_timeout must be shorter than ${policy.inactivityTimeout} seconds, or absolute_lifetime shorter than ${policy.absoluteLifetime}, else no session would end earlier`,
          ]
        : []),
    ];
    if (violations.length > 0) throw new RegistrationError('invalid_policy', violations);
    await this.prisma.$transaction((tx) =>
      this.authority.change(act, { kind: 'policy', name }, tx, async () => {
        const { caller, operation, now } = act;
        const shadow = {
          policy: name,
          inactivityTimeout: seconds(inactivityTimeout),
          absoluteLifetime: absoluteLifetime === null ? null : seconds(absoluteLifetime),
          since: now,
          createdBy: `${caller.kind}:${caller.actor.id}`,
        };
        await this.policies.setShadow(shadow, tx);
        await this.events.record([adminActed(caller, operation, name, now)], tx);
      }),
    );
    return (await this.inForce(name))!;
  }

  /** Removes the shadow of a policy, if it has one. */
  async remove(name: string, act: Act): Promise<void> {
    await this.existing(name);
    await this.prisma.$transaction((tx) =>
      this.authority.change(act, { kind: 'policy', name }, tx, async () => {
        const { caller, operation, now } = act;
        if (await this.policies.removeShadow(name, tx))
          await this.events.record([adminActed(caller, operation, name, now)], tx);
      }),
    );
  }

  private async existing(name: string): Promise<PolicyRevision> {
    const revision = await this.policies.find(name);
    if (!revision) throw notFound('unknown_policy', 'There is no such policy.');
    return revision;
  }
}
