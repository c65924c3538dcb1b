import type { Clock } from '@curfew/clock';
import type { ListenerHandlers, PrismaService } from '@curfew/persistence';
import { instant, latest, type Seconds, type SessionPolicy, seconds } from '@curfew/session-policy';
import {
  effectivePolicy,
  type MatchingPolicies,
  matchingPolicies,
  mustRotate,
  type PolicyPlaces,
  policiesByPlace,
  trialOf,
} from '@curfew/session-policy/effective-policy';
import {
  type EffectivePolicy,
  placeOf,
  placeOutside,
  type ShadowLimits,
  type Trial,
} from '@curfew/session-policy/trial';
import { LRUCache } from 'lru-cache';
import { isClientId, isPublicClient, isSenderConstrained } from './client.js';
import { FreshCache } from './fresh-cache.js';
import { type PolicyRevision, type PolicyTarget, UnreadablePolicy } from './policy-revision.js';
import { type KnownClient, type KnownPolicies, type KnownResource, RegistryStore } from './registry.store.js';
import { readChange, registryChannel } from './registry-channel.js';

/** Bounds of what a registry remembers. */
export interface RegistryOptions {
  /** Seconds after which even an unchanged entry is read again: the net under the announcements. */
  readonly maxAge?: Seconds;
  readonly clients?: number;
  readonly resources?: number;
  /** Policies that were composed of those that are attached. */
  readonly composed?: number;
}

/** A policy that applies, and what it is attached to; `standard` applies to everyone where nothing else does. */
export interface AttachedPolicy {
  readonly name: string;
  readonly target: PolicyTarget;
  readonly revision: PolicyRevision;
}

/** The names of the policies that match a session: everyone's, the client's and those of the APIs, in this order. */
interface Attached {
  readonly names: readonly [everyone: string, ...(string | null | undefined)[]];
  readonly client: KnownClient | null;
  readonly policies: KnownPolicies | null;
}

const allPolicies = 'all';

/** Milliseconds within which clients that are to be read again are read together: a busy server has a thousand of them in ten seconds. */
const gatherMs = 250;

/**
 * Clients, APIs and policies from memory, for every request. A change by any process is announced and reaches this memory within
 * milliseconds. Memory is trusted only while announcements arrive: before `trust` and while the connection is lost, every question goes
 * to the database, and fails if that fails.
 */
export class Registry {
  private readonly clients: FreshCache<KnownClient>;
  private readonly resources: FreshCache<KnownResource>;
  private readonly policies: FreshCache<KnownPolicies>;
  /** Policies that were composed of those of one reading, by the names of the latter. */
  private readonly composed: LRUCache<string, SessionPolicy>;
  private composedOf: KnownPolicies | null = null;
  private trusted = false;

  constructor(prisma: PrismaService, clock: Clock, options: RegistryOptions = {}) {
    const { maxAge = seconds(30), clients = 10_000, resources = 1_000, composed = 1_000 } = options;
    const store = new RegistryStore(prisma);
    this.clients = new FreshCache((id) => store.client(id), clock, maxAge, clients, Math.random, gatherMs);
    this.resources = new FreshCache((audience) => store.resource(audience), clock, maxAge, resources);
    this.policies = new FreshCache(() => store.policies(), clock, maxAge, 1);
    this.composed = new LRUCache({ max: composed });
  }

  /** For the listener of the process, which calls `trust` once it listens. Notifications of other channels are ignored. */
  readonly handlers: ListenerHandlers = {
    onNotification: (channel, payload) => {
      if (channel === registryChannel) this.heard(payload);
    },
    onLost: () => {
      this.trusted = false;
    },
    onGap: () => this.trust(),
  };

  /** From now on memory may answer; nothing from before is kept. */
  trust(): void {
    this.forgetAll();
    this.trusted = true;
  }

  /** The client, disabled ones included, or null; any text may be asked for. */
  async client(id: string): Promise<KnownClient | null> {
    return isClientId(id) ? this.clients.get(id, this.trusted) : null;
  }

  /** The client as it is in the database by now, for whoever has just changed it. */
  async reread(id: string): Promise<KnownClient | null> {
    this.clients.forget(id);
    return this.client(id);
  }

  /** The API with this audience, or null; any text may be asked for. */
  async resource(audience: string): Promise<KnownResource | null> {
    return /^[\x21-\x7e]{1,512}$/.test(audience) ? this.resources.get(audience, this.trusted) : null;
  }

  /**
   * The policy of a session of this client with these APIs: setting by setting the strictest of those attached to everyone, the client
   * and the APIs, each as it is for the account, with what is tried beside it. Without an account it is the policy of accounts that are in
   * no canary. If none is attached to everyone, a client without a policy of its own gets `standard`.
   */
  async effectivePolicy(
    clientId: string,
    resources: readonly string[],
    accountId?: string,
  ): Promise<EffectivePolicy> {
    const attached = await this.attached(clientId, resources);
    if (!attached.policies?.hasTrials) return this.untried(attached);
    const place = accountId === undefined ? placeOutside : placeOf(accountId);
    const policy = this.policyAt(attached, place);
    const trial = accountId === undefined ? undefined : this.trial(attached, place, policy);
    return trial === undefined ? policy : { trial, ...policy };
  }

  /** The policies that the accounts of this client are under, by their places (`placeOf`). */
  async policiesByPlace(clientId: string, resources: readonly string[]): Promise<readonly PolicyPlaces[]> {
    return policiesByPlace(this.matching(await this.attached(clientId, resources)));
  }

  /** The policies that a session of this client with these APIs is under, and what each is attached to. */
  async attachedPolicies(clientId: string, resources: readonly string[]): Promise<readonly AttachedPolicy[]> {
    const { names, client, policies } = await this.attached(clientId, resources);
    const [everyone, own, ...apis] = names;
    const isDefault = policies?.everyone == null && client?.policy != null;
    const of = (name: string | null | undefined, target: PolicyTarget) =>
      name == null ? [] : [{ name, target, revision: this.policyNamed(name, policies) }];
    return [
      ...(isDefault ? [] : of(everyone, { kind: 'everyone' })),
      ...of(own, { kind: 'client', id: clientId }),
      ...apis.flatMap((name, index) => of(name, { kind: 'resource', audience: resources[index] ?? '' })),
    ];
  }

  private async attached(clientId: string, resources: readonly string[]): Promise<Attached> {
    const [policies, client, ...apis] = await Promise.all([
      this.policies.get(allPolicies, this.trusted),
      this.client(clientId),
      ...resources.map((audience) => this.resource(audience)),
    ]);
    const everyone = policies?.everyone ?? client?.policy ?? 'standard';
    return { names: [everyone, client?.policy, ...apis.map((api) => api?.policy)], client, policies };
  }

  private matching({ names, policies }: Attached): Required<MatchingPolicies> {
    const [, own, ...apis] = names;
    const named = (name: string | null | undefined): SessionPolicy | null =>
      name == null ? null : this.policyNamed(name, policies).policy;
    return matchingPolicies({
      everyone: named(policies?.everyone),
      client: named(own),
      resources: apis.flatMap((name) => named(name) ?? []),
    });
  }

  /** The policy of accounts at a place, as the client must be held to it. */
  private policyAt(attached: Attached, place: number): SessionPolicy {
    const policy = effectivePolicy(this.matching(attached), place);
    const { client } = attached;
    return client && mustRotate(isPublicClient(client), isSenderConstrained(client))
      ? { ...policy, rotation: 'always' }
      : policy;
  }

  /** The policy of all accounts while nothing is tried. It stays the same until the policies are read again, so it is composed once. */
  private untried(attached: Attached): SessionPolicy {
    const { names, client, policies } = attached;
    if (policies !== this.composedOf) this.composed.clear();
    this.composedOf = policies;
    const kind = client && `${isPublicClient(client)} ${isSenderConstrained(client)}`;
    const key = `${kind} ${names.join(' ')}`;
    const known = this.composed.get(key);
    if (known) return known;
    const policy = this.policyAt(attached, placeOutside);
    this.composed.set(key, policy);
    return policy;
  }

  /** The trial of accounts at a place; no shadow is longer than the timeouts in force. */
  private trial(
    attached: Attached,
    place: number,
    { inactivityTimeout, absoluteLifetime }: SessionPolicy,
  ): Trial | undefined {
    const { names, policies } = attached;
    let canarySince = instant(0);
    const shadows: ShadowLimits[] = [];
    for (const name of new Set(names)) {
      const shadow = name == null ? undefined : policies?.shadows.get(name);
      const revision = name == null ? undefined : policies?.byName.get(name);
      if (shadow)
        shadows.push({
          inactivityTimeout: seconds(Math.min(shadow.inactivityTimeout, inactivityTimeout)),
          absoluteLifetime: seconds(Math.min(shadow.absoluteLifetime ?? absoluteLifetime, absoluteLifetime)),
          since: shadow.since,
        });
      if (revision?.policy.canary) canarySince = latest(canarySince, revision.createdAt ?? canarySince);
    }
    return trialOf(this.matching(attached), place, { shadows, canarySince });
  }

  private policyNamed(name: string, policies: KnownPolicies | null): PolicyRevision {
    const revision = policies?.byName.get(name);
    // An attached policy that is gone must not mean "no limits".
    if (!revision) throw new UnreadablePolicy(name, 0);
    return revision;
  }

  private heard(payload: string): void {
    const change = readChange(payload);
    switch (change?.kind) {
      case 'client':
        this.clients.forget(change.id);
        break;
      case 'resource':
        this.resources.forget(change.id);
        break;
      case 'policies':
        this.policies.forget(allPolicies);
        break;
      case undefined:
        this.forgetAll();
    }
  }

  private forgetAll(): void {
    this.clients.forgetAll();
    this.resources.forgetAll();
    this.policies.forgetAll();
  }
}
