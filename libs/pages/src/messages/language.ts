import { Html, type HtmlValue, type Sentence } from '../html.js';
import { german } from './de/index.js';
import { english } from './en/index.js';
import type { Slots, Translated } from './translated.js';

type Messages = typeof english;

/** The key of a sentence that pages say. */
export type MessageKey = keyof Messages;

/** The values for the names in braces of a sentence; no argument where it has none. */
type Values<Key extends MessageKey> = [Slots<Messages[Key]>] extends [never]
  ? []
  : [values: Readonly<Record<Slots<Messages[Key]>, HtmlValue>>];

/** The key of a sentence without names in braces. */
export type PlainKey = {
  [Key in MessageKey]: [Slots<Messages[Key]>] extends [never] ? Key : never;
}[MessageKey];

/** The key of sentences that depend on a number, without its ending `.one` or `.other`. */
export type CountedKey = MessageKey extends infer Key
  ? Key extends `${infer Counted}.other`
    ? Counted
    : never
  : never;

const catalogues = { en: english, de: german } as const satisfies Readonly<
  Record<string, Translated<Messages>>
>;

/** The tag of a language that pages are written in (RFC 5646). */
export type LanguageTag = keyof typeof catalogues;

/** The languages that pages are written in; the first one is for everybody whose language is not among them. */
export const languageTags = Object.keys(catalogues) as readonly LanguageTag[];

/** A language of the pages, with its sentences. */
export interface Language {
  readonly tag: LanguageTag;
  /** The sentence of a key. A value may be markup; anything else is escaped. */
  readonly say: <Key extends MessageKey>(key: Key, ...values: Values<Key>) => Html;
  /** The sentence of a key for a number, in the form that the language has for that number. */
  readonly count: (key: CountedKey, count: number) => Html;
  /** The name of a country by its code of two letters (ISO 3166-1); the code itself where it is none. */
  readonly country: (code: string) => string;
}

const noValues = {};

function languageOfTag(tag: LanguageTag): Language {
  const messages: Translated<Messages> = catalogues[tag];
  const sentences = Object.fromEntries(
    Object.entries(messages).map(([key, text]) => [key, Html.sentence(text)]),
  ) as Readonly<Record<MessageKey, Sentence>>;
  const plurals = new Intl.PluralRules(tag);
  const countries = new Intl.DisplayNames(tag, { type: 'region' });
  return {
    tag,
    say: (key, ...[values]) => sentences[key](values ?? noValues),
    count: (key, count) => {
      const form = plurals.select(count) === 'one' ? 'one' : 'other';
      return sentences[`${key}.${form}`]({ count });
    },
    country: (code) => (/^[A-Z]{2}$/.test(code) ? (countries.of(code) ?? code) : code),
  };
}

/** The English sentence of a key as plain text, for programs. */
export const plainEnglish = (key: PlainKey): string => english[key];

/** Every language of the pages, by its tag. */
export const languages: Readonly<Record<LanguageTag, Language>> = {
  en: languageOfTag('en'),
  de: languageOfTag('de'),
};
