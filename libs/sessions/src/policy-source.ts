import { type Session, type SessionPolicy } from '@curfew/session-policy';
import { type PolicyPlaces } from '@curfew/session-policy/effective-policy';
import { type EffectivePolicy, placeCount } from '@curfew/session-policy/trial';

/** Which policy applies to a session; implemented where policies are kept. Warm answers MUST need no I/O. */
export abstract class PolicySource {
  /**
   * The strictest of what is attached to everyone, to the client and to the resources, as it is for the account. Without an account it is the
   * policy of those that are in no canary.
   */
  abstract effectivePolicy(
    clientId: string,
    resources: readonly string[],
    accountId?: Session['accountId'],
  ): Promise<EffectivePolicy> | EffectivePolicy;

  /** The policies that the accounts of a client are under, by their places. */
  async policiesByPlace(clientId: string, resources: readonly string[]): Promise<readonly PolicyPlaces[]> {
    return [{ from: 0, to: placeCount, policy: await this.effectivePolicy(clientId, resources) }];
  }

  /**
   * The policy of everyone alone: what a browser's own sign-in is under, for which no client and no resource speaks. It is in no canary: what
   * it allows a client is decided by that client's policy.
   */
  everyones(): Promise<SessionPolicy> | SessionPolicy {
    return this.effectivePolicy('', []);
  }
}
