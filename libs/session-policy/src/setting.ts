import { type EndReach, endReaches } from './end-reach.js';
import type { Seconds } from './time.js';

/** The consequence of a risk finding, weakest first. */
export type RiskAction = 'off' | 'observe' | 'step_up' | 'end';

/** How much of the address must change to count. */
export type IpGranularity = 'exact' | 'prefix' | 'asn' | 'country';

/** A share of the accounts is under another inactivity timeout, so that its effect can be measured. */
export interface Canary {
  readonly inactivityTimeout: Seconds;
  /** In per cent. */
  readonly share: number;
}

/** Risk actions, weakest first. */
export const riskActions: readonly RiskAction[] = ['off', 'observe', 'step_up', 'end'];

/** Address granularities, finest (most sensitive to change) first. */
export const ipGranularities: readonly IpGranularity[] = ['exact', 'prefix', 'asn', 'country'];

/** Reaches of an end, narrowest first. */
export const reaches: readonly EndReach[] = endReaches;

/** The kind of value a setting takes, with the bounds outside of which a policy is refused. */
export type SettingShape =
  | { readonly kind: 'duration'; readonly min: number; readonly max: number }
  | { readonly kind: 'count'; readonly min: number; readonly max: number; readonly orUnlimited: boolean }
  | {
      readonly kind: 'choice';
      readonly choices: readonly string[];
      /** The words for those that do not read as words of a person once their underscores are blanks. */
      readonly words?: Readonly<Record<string, string>>;
    }
  /** Another inactivity timeout for a share of the accounts, in per cent; or none. */
  | { readonly kind: 'canary'; readonly min: number; readonly max: number; readonly maxShare: number };

/** One setting of a policy: all that is said of it outside the function that reads it. */
export interface Setting<Value> {
  readonly shape: SettingShape;
  /** Its value in the profile `standard`. Other profiles name theirs where it differs. */
  readonly standard: Value;
  /** The one of two values that a session is under when two policies match. Rules over several settings are in `effective-policy.ts`. */
  readonly stricter: (a: Value, b: Value) => Value;
  /** The source file, and the exported name in it, that reads the setting and acts by it. */
  readonly reader: readonly [file: string, name: string];
  /**
   * The setting came after the first release: a policy that leaves it out has the value of `standard`, and that value is never written, so
   * that versions without the setting can read the policy.
   */
  readonly isOptional?: true;
}

type Rest<Value> = Omit<Setting<Value>, 'shape'>;

/** A setting that is a length of time, between two others. */
export const duration = (min: number, max: number, rest: Rest<Seconds>): Setting<Seconds> => ({
  shape: { kind: 'duration', min, max },
  ...rest,
});

/** A setting that is a whole number. */
export const count = (min: number, max: number, rest: Rest<number>): Setting<number> => ({
  shape: { kind: 'count', min, max, orUnlimited: false },
  ...rest,
});

/** A setting that is a whole number, or null for no limit. */
export const limit = (min: number, max: number, rest: Rest<number | null>): Setting<number | null> => ({
  shape: { kind: 'count', min, max, orUnlimited: true },
  ...rest,
});

/** A setting that is one of a list of words, some of which a person may need in other words. */
export const choice = <Word extends string>(
  choices: readonly Word[],
  rest: Rest<Word>,
  words: Readonly<Record<string, string>> = {},
): Setting<Word> => ({
  shape: { kind: 'choice', choices, words },
  ...rest,
});

/** A setting that came after the first release. */
export const optional = <Value>(setting: Setting<Value>): Setting<Value> & { readonly isOptional: true } => ({
  isOptional: true,
  ...setting,
});

/** The shorter of two lengths, or the smaller of two numbers. */
export const smaller = <Value extends number>(a: Value, b: Value): Value => (a < b ? a : b);

/** The longer of two lengths, or the larger of two numbers. */
export const larger = <Value extends number>(a: Value, b: Value): Value => (a > b ? a : b);

/** The smaller of two limits, where null is none. */
export const smallerLimit = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : smaller(a, b);

/** The later of two words in a list that goes from lenient to strict. */
export const stricterIn =
  <Word>(fromLenientToStrict: readonly Word[]) =>
  (a: Word, b: Word): Word =>
    fromLenientToStrict.indexOf(a) >= fromLenientToStrict.indexOf(b) ? a : b;
