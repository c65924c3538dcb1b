import { formatDuration, parseDuration } from './durations.js';
import {
  type OptionalSetting,
  type SessionPolicy,
  type SettingName,
  settingNames,
  settingOf,
} from './policy.js';
import { isProfileName, profileNames, profiles } from './profiles.js';
import type { Canary, SettingShape } from './setting.js';
import { seconds } from './time.js';

/** A policy read from outside, or everything that is wrong with it at once. */
export type ParsedPolicy =
  | { readonly ok: true; readonly policy: SessionPolicy }
  | { readonly ok: false; readonly violations: readonly string[] };

/** A value as people write it. */
type Written<Value> = Value extends Canary ? WrittenCanary : Value | string;

/** A policy as people write it: durations with their unit, and no optional setting that is as in the profile `standard`. */
export type WrittenPolicy = {
  readonly [Name in Exclude<SettingName, OptionalSetting>]: Written<SessionPolicy[Name]>;
} & {
  readonly [Name in OptionalSetting]?: Written<NonNullable<SessionPolicy[Name]>>;
};

/** A canary as people write it. */
export interface WrittenCanary {
  readonly inactivityTimeout: string;
  readonly share: string;
}

type Values = Partial<Record<SettingName, unknown>>;

const isRecord = (input: unknown): input is Record<string, unknown> =>
  typeof input === 'object' && input !== null && !Array.isArray(input);

/** A value of the right kind within its bounds, or a sentence saying what was expected. Never repeats the value. */
function readSetting(shape: SettingShape, value: unknown): { readonly value: unknown } | string {
  switch (shape.kind) {
    case 'duration': {
      const duration = parseDuration(value);
      const [min, max] = [formatDuration(seconds(shape.min)), formatDuration(seconds(shape.max))];
      if (duration === null) return 'must be a duration with a unit, such as "15m", or whole seconds';
      return duration < shape.min || duration > shape.max
        ? `must be between ${min} and ${max}`
        : { value: duration };
    }
    case 'count': {
      if (value === null && shape.orUnlimited) return { value: null };
      const within =
        typeof value === 'number' && Number.isInteger(value) && value >= shape.min && value <= shape.max;
      const unlimited = shape.orUnlimited ? ', or null for unlimited' : '';
      return within ? { value } : `must be a whole number between ${shape.min} and ${shape.max}${unlimited}`;
    }
    case 'choice':
      return typeof value === 'string' && shape.choices.includes(value)
        ? { value }
        : `must be one of ${shape.choices.join(', ')}`;
    case 'canary':
      return readCanary(shape, value);
  }
}

/** "10%", or a whole number of per cent. */
function readShare(value: unknown): number | null {
  if (typeof value === 'number') return value;
  const written = typeof value === 'string' ? /^(\d{1,3})%$/.exec(value) : null;
  return written ? Number(written[1]) : null;
}

function readCanary(
  { min, max, maxShare }: Extract<SettingShape, { kind: 'canary' }>,
  value: unknown,
): { readonly value: Canary | null } | string {
  if (value === null) return { value };
  const allowed = `must be null, or have an inactivityTimeout between ${formatDuration(seconds(min))} and ${formatDuration(seconds(max))} and a share between 1% and ${maxShare}%, and nothing else`;
  if (!isRecord(value)) return allowed;
  const { inactivityTimeout: length, share: part, ...others } = value;
  const inactivityTimeout = parseDuration(length);
  const share = readShare(part);
  const isWhole = inactivityTimeout !== null && share !== null && Object.keys(others).length === 0;
  if (!isWhole || inactivityTimeout < min || inactivityTimeout > max) return allowed;
  return Number.isInteger(share) && share >= 1 && share <= maxShare
    ? { value: { inactivityTimeout, share } }
    : allowed;
}

const isSettingName = (name: string): boolean => settingNames.some((known) => known === name);

interface Relation {
  readonly holds: (policy: SessionPolicy) => boolean;
  readonly settings: readonly (keyof SessionPolicy)[];
  readonly sentence: string;
}

const relations: readonly Relation[] = [
  {
    settings: ['accessTokenLifetime', 'inactivityTimeout'],
    holds: (policy) => policy.accessTokenLifetime < policy.inactivityTimeout,
    sentence: 'accessTokenLifetime must be shorter than inactivityTimeout',
  },
  {
    settings: ['inactivityTimeout', 'absoluteLifetime'],
    holds: (policy) => policy.inactivityTimeout <= policy.absoluteLifetime,
    sentence: 'inactivityTimeout must not exceed absoluteLifetime',
  },
  {
    settings: ['retryWindow', 'accessTokenLifetime'],
    holds: (policy) => policy.retryWindow < policy.accessTokenLifetime,
    sentence: 'retryWindow must be shorter than accessTokenLifetime',
  },
  {
    settings: ['idleWarning', 'inactivityTimeout'],
    holds: (policy) => policy.idleWarning < policy.inactivityTimeout,
    sentence: 'idleWarning must be shorter than inactivityTimeout',
  },
];

/** A canary's timeout keeps the rules of the timeout it stands in for, and differs from it. */
function canaryViolations(policy: SessionPolicy, values: Values): string[] {
  const canary = policy.canary;
  if (!canary || values.inactivityTimeout === undefined) return [];
  const { inactivityTimeout } = canary;
  if (inactivityTimeout === policy.inactivityTimeout)
    return ['canary.inactivityTimeout must differ from inactivityTimeout'];
  return relations
    .filter(({ settings }) => settings.includes('inactivityTimeout'))
    .filter(({ settings }) => settings.every((name) => values[name] !== undefined))
    .filter(({ holds }) => !holds({ ...policy, inactivityTimeout }))
    .map(({ sentence }) => sentence.replace('inactivityTimeout', 'canary.inactivityTimeout'));
}

/** The settings to start from: those of the ready profile named by `basedOn`, or none. */
function foundation(input: Record<string, unknown>, violations: string[]): Values {
  if (!Object.hasOwn(input, 'basedOn')) return {};
  if (isProfileName(input['basedOn'])) return profiles[input['basedOn']].policy;
  violations.push(`basedOn must be one of ${profileNames.join(', ')}`);
  return {};
}

/**
 * Reads a policy: every setting, or those that differ from the ready profile named by `basedOn`.
 * All faults are reported together, by name and never by value.
 */
export function parsePolicy(input: unknown): ParsedPolicy {
  if (!isRecord(input)) return { ok: false, violations: ['a policy must be an object of settings'] };
  const violations: string[] = [];
  for (const name of Object.keys(input)) {
    if (name !== 'basedOn' && !isSettingName(name)) {
      violations.push(`${JSON.stringify(name.slice(0, 64))} is not a setting of a policy`);
    }
  }
  const base = foundation(input, violations);
  const values: Values = {};
  for (const name of settingNames) {
    const { shape, standard, isOptional } = settingOf(name);
    const preset = isOptional && base[name] === undefined ? standard : base[name];
    const given = Object.hasOwn(input, name) ? input[name] : preset;
    if (given === undefined) {
      violations.push(`${name} is required`);
      continue;
    }
    const read = readSetting(shape, given);
    if (typeof read === 'string') violations.push(`${name} ${read}`);
    else values[name] = read.value;
  }
  const policy = values as SessionPolicy;
  for (const relation of relations) {
    const known = relation.settings.every((name) => values[name] !== undefined);
    if (known && !relation.holds(policy)) violations.push(relation.sentence);
  }
  violations.push(...canaryViolations(policy, values));
  return violations.length === 0 ? { ok: true, policy } : { ok: false, violations };
}

/** A value of a setting as people write it: a duration with the largest unit that divides it. */
export function formatSetting(name: SettingName, value: SessionPolicy[SettingName]): unknown {
  if (typeof value === 'object' && value !== null) return formatCanary(value);
  const isDuration = settingOf(name).shape.kind === 'duration' && typeof value === 'number';
  return isDuration ? formatDuration(seconds(value)) : value;
}

/** A policy as people write it; parsePolicy reads it back. */
export const formatPolicy = (policy: SessionPolicy): WrittenPolicy =>
  Object.fromEntries(
    settingNames
      .filter((name) => !settingOf(name).isOptional || policy[name] !== settingOf(name).standard)
      .map((name) => [name, formatSetting(name, policy[name])]),
  ) as WrittenPolicy;

const formatCanary = ({ inactivityTimeout, share }: Canary): WrittenCanary => ({
  inactivityTimeout: formatDuration(inactivityTimeout),
  share: `${share}%`,
});
