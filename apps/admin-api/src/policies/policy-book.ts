import type { PolicyAttachment, PolicyRevision, PolicyTarget } from '@curfew/clients';
import { type SessionPolicy } from '@curfew/session-policy';
import {
  matchingPolicies,
  type PolicyPlaces,
  policiesByPlace,
} from '@curfew/session-policy/effective-policy';

const keyOf = (target: PolicyTarget): string =>
  target.kind === 'client'
    ? `client ${target.id}`
    : target.kind === 'resource'
      ? `resource ${target.audience}`
      : 'everyone';

/** A change to try out. */
export interface SupposedChange {
  readonly name: string;
  readonly policy: SessionPolicy;
  readonly attachTo: PolicyTarget | undefined;
}

/** All policies and attachments at one moment, so that a change can be tried without making it. */
export class PolicyBook {
  readonly #byName: ReadonlyMap<string, SessionPolicy>;
  readonly #attached: ReadonlyMap<string, string>;

  constructor(
    revisions: readonly PolicyRevision[],
    attachments: readonly PolicyAttachment[],
    change?: SupposedChange,
  ) {
    const byName = new Map(revisions.map(({ name, policy }) => [name, policy]));
    const attached = new Map(attachments.map(({ target, policy }) => [keyOf(target), policy]));
    if (change) byName.set(change.name, change.policy);
    if (change?.attachTo) attached.set(keyOf(change.attachTo), change.name);
    this.#byName = byName;
    this.#attached = attached;
  }

  /** The policies that the accounts of this client are under with these APIs, by their places; by the rules the registry follows. */
  byPlace(clientId: string, resources: readonly string[]): readonly PolicyPlaces[] {
    const attached = {
      everyone: this.#at({ kind: 'everyone' }),
      client: this.#at({ kind: 'client', id: clientId }),
      resources: resources.flatMap((audience) => this.#at({ kind: 'resource', audience }) ?? []),
    };
    return policiesByPlace(matchingPolicies(attached));
  }

  #at(target: PolicyTarget): SessionPolicy | null {
    const name = this.#attached.get(keyOf(target));
    return name === undefined ? null : (this.#byName.get(name) ?? null);
  }
}
