import { policyOf, type SessionPolicy, settingOf } from './policy.js';
import { profiles } from './profiles.js';
import { smaller } from './setting.js';
import { type Instant, latest, type Seconds } from './time.js';
import {
  type Arm,
  type CanaryTrial,
  placeCount,
  placeOutside,
  type ShadowLimits,
  type Trial,
} from './trial.js';

type IpRule = Pick<SessionPolicy, 'ipChange' | 'ipGranularity'>;

/** 0: off, 1: only watched, 2: has consequences. */
const weight = ({ ipChange }: IpRule): number => (ipChange === 'off' ? 0 : ipChange === 'observe' ? 1 : 2);

/**
 * Two rules with consequences give the stronger action at the finer granularity, so that neither is weakened. A rule that only observes
 * does not sharpen one that enforces: watching every address while experimenting must not turn "end on another country" into "end on
 * another address".
 */
function stricterIpRule(a: IpRule, b: IpRule): IpRule {
  if (weight(a) !== weight(b)) {
    const { ipChange, ipGranularity } = weight(a) > weight(b) ? a : b;
    return { ipChange, ipGranularity };
  }
  return {
    ipChange: settingOf('ipChange').stricter(a.ipChange, b.ipChange),
    ipGranularity: settingOf('ipGranularity').stricter(a.ipGranularity, b.ipGranularity),
  };
}

/** A warning is always shorter than the timeout it warns of. */
const warningWithin = (idleWarning: Seconds, a: SessionPolicy, b: SessionPolicy): Seconds =>
  Math.min(idleWarning, smaller(a.inactivityTimeout, b.inactivityTimeout) - 1) as Seconds;

/** Setting by setting the stricter value, as the table says, and then the rules over several settings. */
function stricterOf(a: SessionPolicy, b: SessionPolicy): SessionPolicy {
  if (a === b) return a;
  const both = policyOf((name) => settingOf(name).stricter(a[name], b[name]));
  const idleWarning = warningWithin(both.idleWarning, a, b);
  return { ...both, ...stricterIpRule(a, b), idleWarning };
}

/**
 * Setting by setting the strictest of the policies. Valid policies give a valid one: in each relation, the shorter side is at most that of
 * the very policy whose longer side was taken.
 */
export const strictest = (first: SessionPolicy, ...others: readonly SessionPolicy[]): SessionPolicy =>
  others.reduce(stricterOf, first);

/** The policies that are attached; null where none is. */
export interface AttachedPolicies {
  readonly everyone: SessionPolicy | null;
  readonly client: SessionPolicy | null;
  readonly resources: readonly SessionPolicy[];
}

/**
 * The policies that match a session. If none is attached to everyone, `standard` is a default for clients without a policy of their own. It
 * is not a limit: else a client could not be given the profile `mobile`.
 */
export const matchingPolicies = ({
  everyone,
  client,
  resources,
}: AttachedPolicies): Required<MatchingPolicies> => ({
  everyone: everyone ?? client ?? profiles.standard.policy,
  client,
  resources,
});

/** RFC 9700 §4.14.2: the refresh tokens of a public client are bound to a key or replaced at every use. */
export const mustRotate = (isPublicClient: boolean, isSenderConstrained: boolean): boolean =>
  isPublicClient && !isSenderConstrained;

/** The policies that match a session: everyone's always, its client's and its resources' where they have one. */
export interface MatchingPolicies {
  readonly everyone: SessionPolicy;
  readonly client?: SessionPolicy | null | undefined;
  readonly resources?: readonly SessionPolicy[];
}

/** A policy as it is for the accounts at a place: under the timeout of its canary, or its own. */
const underArm = (policy: SessionPolicy, place: number): SessionPolicy => {
  const { canary } = policy;
  if (canary === null) return policy;
  const inactivityTimeout = place < canary.share ? canary.inactivityTimeout : policy.inactivityTimeout;
  return { ...policy, inactivityTimeout, canary: null };
};

/**
 * The policy that applies to a session of an account at a place (`placeOf`): the strictest of those that match, each as it is for that account,
 * so that no canary is more lenient than another policy allows. Rotation and siblings are the client's own words, because only the client is,
 * or is not, sender-constrained or one of many processes; without them, tokens rotate and late siblings end the session.
 */
export function effectivePolicy(
  { everyone, client, resources = [] }: MatchingPolicies,
  place: number = placeOutside,
): SessionPolicy {
  const matching = (client ? [client, ...resources] : resources).map((policy) => underArm(policy, place));
  return ownWords(strictest(underArm(everyone, place), ...matching), client);
}

/**
 * Rotation and siblings are as the client's policy says. Strict mode, in which any second use ends the session, may be asked for by any of the
 * policies, and leaves no siblings.
 */
const ownWords = (strict: SessionPolicy, client: SessionPolicy | null | undefined): SessionPolicy => {
  const { siblings, siblingDistance, siblingWindow, siblingLimit } = client ?? strict;
  const isServing = client?.siblings === 'serve' && strict.retryWindow > 0;
  return {
    ...strict,
    rotation: client?.rotation ?? 'always',
    siblings: isServing ? siblings : 'off',
    siblingDistance,
    siblingWindow,
    siblingLimit,
  };
};

/** Accounts at the places from `from` up to and without `to`, which are under one policy. */
export interface PolicyPlaces {
  readonly from: number;
  readonly to: number;
  readonly policy: SessionPolicy;
}

const sharesIn = ({ everyone, client, resources = [] }: MatchingPolicies): number[] =>
  [everyone, client, ...resources].flatMap((policy) => policy?.canary?.share ?? []);

/** The policies that accounts are under, by their places: one for all of them where there is no canary. */
export function policiesByPlace(matching: MatchingPolicies): readonly PolicyPlaces[] {
  const bounds = [...new Set([0, ...sharesIn(matching), placeCount])].sort((a, b) => a - b);
  return bounds.slice(0, -1).map((from, index) => ({
    from,
    to: bounds[index + 1]!,
    policy: effectivePolicy(matching, from),
  }));
}

/** Shadows of the policies that match, and the beginning of their canary. */
export interface TriedBeside {
  readonly shadows: readonly ShadowLimits[];
  readonly canarySince: Instant;
}

/**
 * The trial that a session meets. If there are several shadows, the strictest counts, from the latest beginning of one. A canary comes first: then the timeout
 * of the shorter arm is the shadow of the longer one. Undefined if nothing is tried.
 */
export function trialOf(
  matching: MatchingPolicies,
  place: number,
  { shadows, canarySince }: TriedBeside,
): Trial | undefined {
  const canary = sharesIn(matching).length === 0 ? null : canaryAt(matching, place, canarySince);
  if (canary) {
    const { absoluteLifetime, inactivityTimeout } = effectivePolicy(matching, place);
    const shadow = { inactivityTimeout: canary.shorter, absoluteLifetime, since: canary.since };
    return { canary, shadow: inactivityTimeout === canary.longer ? shadow : null };
  }
  if (shadows.length === 0) return undefined;
  const strictestShadow = shadows.reduce((a, b) => ({
    inactivityTimeout: smaller(a.inactivityTimeout, b.inactivityTimeout),
    absoluteLifetime: smaller(a.absoluteLifetime, b.absoluteLifetime),
    since: latest(a.since, b.since),
  }));
  return { canary, shadow: strictestShadow };
}

/** null where another policy leaves no difference between the arms, or the account is in only one of several canaries. */
function canaryAt(matching: MatchingPolicies, place: number, since: Instant): CanaryTrial | null {
  const timeoutAt = (at: number) => effectivePolicy(matching, at).inactivityTimeout;
  const [own, inCanary, outside] = [timeoutAt(place), timeoutAt(0), timeoutAt(placeOutside)];
  if (inCanary === outside || (own !== inCanary && own !== outside)) return null;
  const arm: Arm = own === inCanary ? 1 : 0;
  const [less, more] = inCanary < outside ? [inCanary, outside] : [outside, inCanary];
  return { arm, shorter: less, longer: more, since };
}
