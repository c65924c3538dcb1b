import { toldChanges } from './letter-words.js';
import { lettersIn } from './letters.js';

const about = {
  ...{ name: 'NAME', username: 'USERNAME', service: 'SERVICE' },
  link: 'https://id.example.test/link/TOKEN',
};
const facts = {
  at: Date.UTC(2026, 10, 27, 9, 5),
  browser: 'BROWSER',
  system: 'SYSTEM',
  ip: 'IP',
  country: 'XX',
};

type Letters = ReturnType<typeof lettersIn>;
type Kind = keyof Letters;

/** Each letter in each of its forms. */
const forms: Readonly<Record<Kind, (letters: Letters) => readonly { subject: string; text: string }[]>> = {
  invitation: ({ invitation }) => [invitation(about)],
  reset: ({ reset }) => [reset(about)],
  verification: ({ verification }) => [verification(about)],
  newSignIn: ({ newSignIn }) => [newSignIn(facts, about), newSignIn({ at: facts.at }, about)],
  emailChange: ({ emailChange }) => [emailChange(about)],
  emailChangeAsked: ({ emailChangeAsked }) => [true, false].map((may) => emailChangeAsked(facts, about, may)),
  emailChanged: ({ emailChanged }) => [emailChanged(facts, about)],
  securityChange: ({ securityChange }) =>
    toldChanges.map((change) => securityChange({ ...facts, change }, about)),
};
const everyLetter = (letters: Letters) => Object.values(forms).flatMap((written) => written(letters));

/** The facts that a letter names. */
const namedIn = ({ subject, text }: { subject: string; text: string }) => {
  const values = [...Object.values(about), 'BROWSER', 'SYSTEM', 'IP', 'XX'];
  return values.filter((value) => `${subject}\n${text}`.includes(value));
};

describe('letters', () => {
  const [english, german] = [everyLetter(lettersIn('en')), everyLetter(lettersIn('de'))];

  it('name the same facts in German as in English, and are other words', () => {
    expect(german.map(namedIn)).toEqual(english.map(namedIn));
    const same = english.filter(({ subject, text }, at) => {
      const other = german[at]!;
      return subject === other.subject || text === other.text;
    });
    expect(same).toEqual([]);
  });

  it.each([
    ['English', english],
    ['German', german],
  ])('have words of their own for each change in %s, and hold nothing that is missing', (_, letters) => {
    const texts = letters.map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.filter((text) => /undefined|null|\[object|NaN/.test(text))).toEqual([]);
    for (const { subject, text } of letters) {
      expect(subject).toMatch(/^[^\n]{10,}$/);
      expect(text).toMatch(/\n-- \nSERVICE\n$/);
    }
  });

  it.each([undefined, null, 'fr', 'constructor', 7])('are English where the language is %p', (language) => {
    expect(lettersIn(language)).toBe(lettersIn('en'));
  });
});
