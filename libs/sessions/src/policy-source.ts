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
   * The policy of everyone alone, which governs a browser's own sign-in, because that belongs to no client and no resource. It is in no
   * canary: that client's policy decides how far a client may use the sign-in.
   */
  everyones(): Promise<SessionPolicy> | SessionPolicy {
    return this.effectivePolicy('', []);
  }
}
