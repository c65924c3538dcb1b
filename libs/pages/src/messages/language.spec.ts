import { html } from '../html.js';
import { languageFor } from './choose-language.js';
import { german } from './de/index.js';
import { english } from './en/index.js';
import { languages, languageTags, type MessageKey } from './language.js';

const catalogues: Readonly<Record<string, Readonly<Record<string, string>>>> = { en: english, de: german };
const slotsIn = (sentence: string): string[] =>
  [...sentence.matchAll(/\{([^}]*)\}/g)].map(([, slot]) => slot!).sort();

describe.each(languageTags)('the sentences in %s', (tag) => {
  const sentences = catalogues[tag]!;

  it('are there for every key, and for no other', () => {
    expect(Object.keys(sentences).sort()).toEqual(Object.keys(english).sort());
  });

  it('are text without markup, with the names in braces for which the page brings values', () => {
    const isRight = (key: string, sentence: string) =>
      sentence !== '' &&
      sentence.trim() === sentence &&
      !/[<>"`]|\{\}|&\w+;/.test(sentence) &&
      String(slotsIn(sentence)) === String(slotsIn(english[key as MessageKey]));
    expect(Object.entries(sentences).filter(([key, sentence]) => !isRight(key, sentence))).toEqual([]);
  });

  it('have both forms of each that depends on a number', () => {
    const stems = (form: string) =>
      Object.keys(sentences)
        .filter((key) => key.endsWith(`.${form}`))
        .map((key) => key.slice(0, -form.length));
    expect(stems('one')).toEqual(stems('other'));
  });
});

it('differ between the languages, but for words that both have', () => {
  const same = Object.entries(german).filter(([key, sentence]) => sentence === english[key as MessageKey]);
  expect(same.map(([, sentence]) => sentence).sort()).toEqual(
    ['Browser', 'Code', 'Offline', 'Passkey {number}', 'Passkeys', 'in {length}', '{access} ({api})'].sort(),
  );
});

it('escapes a value that is text, and leaves one that is markup', () => {
  const { say } = languages.en;
  expect(String(say('sign_in.for', { application: '<b>' }))).toBe('to continue to &lt;b&gt;');
  expect(String(say('sign_in.for', { application: html`<b>x</b>` }))).toBe('to continue to <b>x</b>');
  expect(String(languages.de.count('time.days', 2))).toBe('2 Tagen');
});

it.each([
  ['DE', 'Deutschland'],
  ['ZZ', 'Unbekannte Region'],
  ['de', 'de'],
  ['<b>', '<b>'],
])('names the country %s in German as %s', (code, name) => {
  expect(languages.de.country(code)).toBe(name);
});

describe('the language of a page', () => {
  it.each([
    ['nothing is known of the reader', {}, 'en'],
    ['the browser prefers it', { accept: 'de' }, 'de'],
    ['the browser prefers a region of it', { accept: 'de-AT,de;q=0.9' }, 'de'],
    ['the browser writes it in capitals', { accept: 'DE-ch' }, 'de'],
    ['the browser weighs it higher', { accept: 'en;q=0.3, de;q=0.7' }, 'de'],
    ['the browser refuses it', { accept: 'de;q=0, en' }, 'en'],
    ['the first language is not spoken here', { accept: 'fr, de;q=0.5, en;q=0.4' }, 'de'],
    ['no language is spoken here', { accept: 'fr-FR, *;q=0.1' }, 'en'],
    ['the browser sends nonsense', { accept: ';;,,=q;q=x,\u0001' }, 'en'],
    ['the browser sends a flood', { accept: `${'x,'.repeat(5_000)}de` }, 'en'],
    ['a tag only begins like it', { accept: 'deu, den-x' }, 'en'],
    ['the application asks for it', { url: '/authorize?ui_locales=de', accept: 'en' }, 'de'],
    ['the application asks for several', { url: '/a?ui_locales=fr-CA%20de-CH+en' }, 'de'],
    ['the application asks for one that is not spoken', { url: '/a?ui_locales=fr', accept: 'de' }, 'de'],
    ['the application asks for nothing', { url: '/a?ui_locales=', accept: 'de' }, 'de'],
    ['the parameter stands there twice', { url: '/a?ui_locales=de&ui_locales=en', accept: 'en' }, 'en'],
    ['the application asked before', { url: '/interaction/x', asked: 'de en' }, 'de'],
    ['the name is that of an inherited member', { accept: 'constructor', asked: '__proto__' }, 'en'],
  ])('is right where %s', (_, { url, accept, asked }: Partial<Record<string, string>>, tag) => {
    expect(languageFor({ url, headers: { 'accept-language': accept } }, asked).tag).toBe(tag);
  });
});
