import { camelWords, reasonWords } from '../../elements/words.js';
import { policySettings } from '../../generated/lists.js';

/** The name of a setting as a person reads it: `inactivityTimeout` is "inactivity timeout". */
export const settingWords = (name: string): string =>
  camelWords(name).replace(/^ip /, 'IP ').replace(/^tls /, 'TLS ').replace(/ acr$/, ' authentication');

/** A sentence of the admin API, with the settings in it as a person reads them. */
export const sentenceWords = (sentence: string): string =>
  sentence.replace(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g, (name) => settingWords(name));

/** Whether a setting says something: a demand for a second factor that is not made is no fact about a policy. */
export const isSaid = (setting: string, value: unknown): boolean =>
  !['requiredAcr', 'enrolmentDays', 'rememberedBrowserDays'].includes(setting) || Boolean(value);

/** Settings that have no limit where they have no value; the others are off then. */
const unlimited = ['sessionsPerAccount', 'siblingLimit'];

/** A value of a setting as it is shown. */
export function valueWords(value: unknown, setting?: string): string {
  if (value === null || value === undefined)
    return setting === undefined || unlimited.includes(setting) ? 'no limit' : 'none';
  if (setting === 'canary' && typeof value === 'object') {
    const { inactivityTimeout, share } = value as Readonly<Record<string, unknown>>;
    return `${String(inactivityTimeout)} for ${String(share)} of the accounts`;
  }
  if (typeof value === 'object') return JSON.stringify(value);
  return choiceWords(setting)[String(value)] ?? reasonWords(String(value));
}

/** The words of the admin API for the choices of a setting that do not read as words by themselves. */
function choiceWords(setting: string | undefined): Readonly<Record<string, string>> {
  const shape = policySettings.find(({ name }) => name === setting);
  return shape?.kind === 'choice' ? shape.words : {};
}

/** Values of a setting that were judged together, one after the other. */
export const judgedWords = (values: string, setting: string): string =>
  values
    .split(', ')
    .map((one) => valueWords(one, setting))
    .join(', ');

/** A setting that differs between two revisions. */
export interface Difference {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The settings in which two revisions differ. */
export function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => JSON.stringify(before[name] ?? null) !== JSON.stringify(after[name] ?? null))
    .map((name) => ({ name, before: before[name], after: after[name] }));
}
