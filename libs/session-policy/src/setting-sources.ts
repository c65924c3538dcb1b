import { effectivePolicy } from './effective-policy.js';
import { type SessionPolicy, settingNames } from './policy.js';
import { placeOutside } from './trial.js';

/** A policy that matches a session, by its name. */
export interface NamedPolicy {
  readonly name: string;
  readonly policy: SessionPolicy;
}

/** A setting of an effective policy: its value, each policy's own value, and the names of the policies whose value it is. */
export interface SettingSource {
  readonly name: keyof SessionPolicy;
  /** Empty where no policy says this by itself, as for a warning that was cut to the shorter timeout. */
  readonly from: readonly string[];
}

/**
 * Says of each setting of an effective policy which of the matching policies make that value win. A policy is compared as it is for the
 * accounts at `place`, so that a canary is named for those who are in it and not for the others.
 */
export function settingSources(
  effective: SessionPolicy,
  matching: readonly NamedPolicy[],
  place: number = placeOutside,
): readonly SettingSource[] {
  const asThere = matching.map(({ name, policy }) => ({
    name,
    policy: effectivePolicy({ everyone: policy, client: policy }, place),
  }));
  return settingNames.map((setting) => ({
    name: setting,
    from: asThere
      .filter(({ policy }) => Object.is(policy[setting], effective[setting]))
      .map(({ name }) => name),
  }));
}
