import type { SessionPolicy } from '@curfew/session-policy';

/** Which policy applies to a session; implemented where policies are kept. Warm answers MUST need no I/O. */
export abstract class PolicySource {
  /** The strictest of what is attached to everyone, to the client and to the resources. */
  abstract effectivePolicy(
    clientId: string,
    resources: readonly string[],
  ): Promise<SessionPolicy> | SessionPolicy;

  /** The policy of everyone alone: what a browser's own sign-in is under, for which no client and no resource speaks. */
  everyones(): Promise<SessionPolicy> | SessionPolicy {
    return this.effectivePolicy('', []);
  }
}
