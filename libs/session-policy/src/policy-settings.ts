import { endReaches } from './end-reach.js';
import type { IpGranularity, RiskAction, SessionPolicy } from './policy.js';
import { seconds } from './time.js';

const minute = 60;
const day = 86_400;

/** The kind of value a setting takes, with the bounds outside of which a policy is refused. */
export type SettingShape =
  | { readonly kind: 'duration'; readonly min: number; readonly max: number }
  | { readonly kind: 'count'; readonly min: number; readonly max: number; readonly orUnlimited: boolean }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  /** Another inactivity timeout for a share of the accounts, in per cent; or none. */
  | { readonly kind: 'canary'; readonly min: number; readonly max: number; readonly maxShare: number };

/** Risk actions, weakest first. */
export const riskActions: readonly RiskAction[] = ['off', 'observe', 'step_up', 'end'];

/** Address granularities, finest (most sensitive to change) first. */
export const ipGranularities: readonly IpGranularity[] = ['exact', 'prefix', 'asn', 'country'];

const duration = (min: number, max: number): SettingShape => ({ kind: 'duration', min, max });
const count = (min: number, max: number, orUnlimited = false): SettingShape => ({
  kind: 'count',
  min,
  max,
  orUnlimited,
});
const choice = (...choices: readonly string[]): SettingShape => ({ kind: 'choice', choices });

/** Every setting of a policy with its bounds. The compiler asks for a line when SessionPolicy gains a field. */
export const policySettings: { readonly [Name in keyof SessionPolicy]: SettingShape } = {
  accessTokenLifetime: duration(5 * minute, 15 * minute),
  accessTokenJitterPercent: count(0, 25),
  rotation: choice('always', 'never'),
  retryWindow: duration(0, minute),
  retryLimit: count(0, 20),
  onReuse: choice(...endReaches),
  inactivityTimeout: duration(minute, 30 * day),
  absoluteLifetime: duration(5 * minute, 400 * day),
  activity: choice('refresh', 'use', 'refresh_or_use'),
  ipChange: choice(...riskActions),
  ipGranularity: choice(...ipGranularities),
  deviceMismatch: choice(...riskActions),
  tlsFingerprintChange: choice(...riskActions),
  sessionsPerAccount: count(1, 10_000, true),
  whenSessionsFull: choice('end_oldest', 'refuse_new'),
  introspectionCache: duration(0, 30),
  onPasswordChange: choice('end_others', 'keep_others'),
  // WCAG 2.2.1: a person gets at least 20 seconds to ask for more time.
  idleWarning: duration(20, day),
  canary: { kind: 'canary', min: minute, max: 30 * day, maxShare: 50 },
};

/** Names of the settings of a policy, in the order they are documented. */
export const settingNames = Object.keys(policySettings) as readonly (keyof SessionPolicy)[];

/** The time within which an acknowledged end is honoured everywhere: the published bound, in seconds. */
export const revocationTarget = seconds(2);
