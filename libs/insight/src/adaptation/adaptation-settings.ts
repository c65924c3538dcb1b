import { type Instant, instant, parseDuration, type Seconds } from '@curfew/session-policy';
import { profiles } from '@curfew/session-policy/settings';

/** A policy may do nothing by itself, propose steps to a person, or take those that shorten. */
export const adaptationModes = ['off', 'propose', 'automatic'] as const;

/** Documents whose inactivity timeout may be named as the ceiling. */
export const complianceProfiles = ['pci-dss', 'nist-aal2', 'nist-aal3'] as const;

/** The cost of timeouts that is bounded: sign-ins again for each person and day, or unattended hours for each day. */
export const budgetKinds = ['sign_ins_per_person_day', 'exposure_hours_per_day'] as const;

/** The first and the last day of a time in which nothing adapts, as calendar days in UTC. */
export interface FrozenDays {
  readonly from: string;
  readonly to: string;
}

/** How a policy may adapt. */
export interface AdaptationSettings {
  readonly mode: (typeof adaptationModes)[number];
  /** No inactivity timeout below it, and none above the ceiling. */
  readonly floor: Seconds;
  readonly ceiling: Seconds;
  /** A document whose inactivity timeout is the ceiling whatever else is said; null for none. */
  readonly compliance: (typeof complianceProfiles)[number] | null;
  readonly budget: { readonly kind: (typeof budgetKinds)[number]; readonly max: number };
  readonly frozen: readonly FrozenDays[];
}

/** Settings read from outside, or everything that is wrong with them at once, by name. */
export type ParsedAdaptation =
  | { readonly ok: true; readonly settings: AdaptationSettings }
  | { readonly ok: false; readonly violations: readonly string[] };

/** The longest timeout that may be taken: the ceiling, or that of the document where it is shorter. */
export const ceilingOf = ({ ceiling, compliance }: AdaptationSettings): number =>
  compliance === null ? ceiling : Math.min(ceiling, profiles[compliance].policy.inactivityTimeout);

const shortest = 60;
const longest = 30 * 86_400;
const maxFrozen = 50;
const names = ['mode', 'floor', 'ceiling', 'compliance', 'budget', 'frozen'];

/** Reads settings. Every fault names the field, what was given and what is allowed. */
export function parseAdaptation(input: Readonly<Record<string, unknown>>): ParsedAdaptation {
  const violations: string[] = [];
  const fault = (name: string, given: unknown, allowed: string): void => {
    violations.push(`${name} is ${shown(given)}, but must be ${allowed}`);
  };
  for (const name of Object.keys(input))
    if (!names.includes(name))
      fault(name.slice(0, 40), input[name], `left out: there is only ${names.join(', ')}`);
  const one = <T extends string>(name: string, choices: readonly T[], given: unknown): T => {
    if (!choices.includes(given as T)) fault(name, given, `one of ${choices.join(', ')}`);
    return given as T;
  };
  const length = (name: 'floor' | 'ceiling'): Seconds => {
    const read = parseDuration(input[name]);
    if (read === null || read < shortest || read > longest)
      fault(name, input[name], 'a duration such as 15m, between 60 seconds and 30 days');
    return read ?? (shortest as Seconds);
  };
  const mode = one('mode', adaptationModes, input['mode']);
  const floor = length('floor');
  const ceiling = length('ceiling');
  if (violations.length === 0 && floor > ceiling) fault('floor', input['floor'], 'at most the ceiling');
  const { compliance = null } = input;
  if (compliance !== null) one('compliance', complianceProfiles, compliance);
  const budget = readBudget(input['budget'], fault);
  const frozen = readFrozen(input['frozen'] ?? [], fault);
  const settings = { mode, floor, ceiling, compliance, budget, frozen } as AdaptationSettings;
  if (violations.length === 0 && floor > ceilingOf(settings))
    fault(
      'floor',
      input['floor'],
      `at most the ${ceilingOf(settings)} seconds that ${String(compliance)} allows`,
    );
  return violations.length === 0 ? { ok: true, settings } : { ok: false, violations };
}

type Fault = (name: string, given: unknown, allowed: string) => void;

const shown = (given: unknown): string =>
  given === undefined ? 'missing' : JSON.stringify(given).slice(0, 60);

function readBudget(given: unknown, fault: Fault): AdaptationSettings['budget'] | undefined {
  const { kind, max, ...others } = (typeof given === 'object' && given !== null ? given : {}) as Record<
    string,
    unknown
  >;
  const isKnown = budgetKinds.some((one) => one === kind);
  const isNumber = typeof max === 'number' && Number.isFinite(max) && max > 0 && max <= 1_000_000;
  if (isKnown && isNumber && Object.keys(others).length === 0)
    return { kind: kind as AdaptationSettings['budget']['kind'], max };
  fault('budget', given, `a kind (${budgetKinds.join(' or ')}) and a max above 0 and up to 1000000`);
  return undefined;
}

function readFrozen(given: unknown, fault: Fault): readonly FrozenDays[] {
  const isDay = (text: unknown) =>
    typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  const all = Array.isArray(given) ? (given as Partial<FrozenDays>[]) : undefined;
  const isRange = (one: Partial<FrozenDays> | null) =>
    isDay(one?.from) && isDay(one?.to) && one!.from! <= one!.to!;
  if (all && all.length <= maxFrozen && all.every(isRange))
    return all.map(({ from, to }) => ({ from: from!, to: to! }));
  fault(
    'frozen',
    given,
    `at most ${maxFrozen} pairs of days such as {"from": "2027-12-20", "to": "2027-12-31"}`,
  );
  return [];
}

/** Whether nothing adapts on the day of an instant. */
export function isFrozenOn({ frozen }: AdaptationSettings, now: Instant): boolean {
  const day = new Date(instant(now)).toISOString().slice(0, 10);
  return frozen.some(({ from, to }) => from <= day && day <= to);
}
