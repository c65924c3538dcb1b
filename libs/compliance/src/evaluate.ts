import { formatPolicy, type SessionPolicy } from '@curfew/session-policy';
import { catalogue } from './catalogue.js';
import type { Check, ConfigurationFacts, Control, RegistrationFacts } from './control.js';

/** Sessions that are under the same policies, and so are judged together. */
export interface Subject {
  /** The effective policy; several where a canary divides the accounts. */
  readonly policies: readonly SessionPolicy[];
  /** The registration of the client that the sessions belong to; null where they are those of many clients. */
  readonly registration: RegistrationFacts | null;
}

/** The judgement on one check: not applicable where it asks for a registration and there is none. */
export type CheckState = 'met' | 'not_met' | 'not_applicable';

/** A check with its judgement, and the value that was judged. */
export interface JudgedCheck {
  readonly check: Check;
  readonly state: CheckState;
  /** As people write it; null where there is no value to show. */
  readonly value: string | null;
}

/** A control with the judgement on it for one subject. */
export interface JudgedControl {
  readonly control: Control;
  readonly state: CheckState;
  readonly checks: readonly JudgedCheck[];
}

/** Judges every control of the catalogue for one subject. */
export const judgeAll = (subject: Subject, facts: ConfigurationFacts): readonly JudgedControl[] =>
  catalogue.map((control) => judge(control, subject, facts));

/** Judges one control: it is met where each of its checks is. */
export function judge(control: Control, subject: Subject, facts: ConfigurationFacts): JudgedControl {
  const checks = control.checks.map((check) => judgeCheck(check, subject, facts));
  const states = new Set(checks.map(({ state }) => state));
  const state = states.has('not_met') ? 'not_met' : states.has('met') ? 'met' : 'not_applicable';
  return { control, state, checks };
}

function judgeCheck(
  check: Check,
  { policies, registration }: Subject,
  facts: ConfigurationFacts,
): JudgedCheck {
  const judged = (isMet: boolean, value: string | null): JudgedCheck => ({
    check,
    state: isMet ? 'met' : 'not_met',
    value,
  });
  switch (check.kind) {
    case 'setting':
      return judged(policies.every(check.isMetBy), valuesOf(check.setting, policies));
    case 'configuration':
      return judged(check.isMetBy(facts), factWords(facts[check.setting]));
    case 'registration':
      return registration === null
        ? { check, state: 'not_applicable', value: null }
        : judged(check.isMetBy(registration), null);
    case 'always':
      return judged(true, null);
    case 'gap':
      return judged(false, null);
  }
}

/** The value of a setting as it is written; each one where accounts are under different ones. */
function valuesOf(setting: keyof SessionPolicy, policies: readonly SessionPolicy[]): string {
  const values = policies.map((policy) => {
    const written: Readonly<Record<string, unknown>> = formatPolicy(policy);
    return String(written[setting] ?? 'unlimited');
  });
  return [...new Set(values)].join(', ');
}

function factWords(fact: ConfigurationFacts[keyof ConfigurationFacts]): string {
  return typeof fact === 'number' ? String(fact) : `${fact.count} in ${fact.window} s`;
}
