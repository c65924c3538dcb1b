import type { Letters } from './letter-words.js';
import { germanLetters } from './letters-de.js';
import { englishLetters } from './letters-en.js';
import type { MailFacts } from './mail.js';

const inLanguages: Readonly<Record<string, Letters>> = { en: englishLetters, de: germanLetters };

/** The letters in the language of a page (RFC 5646). English stands in for a language that letters are not written in, and for none. */
export const lettersIn = (language: MailFacts[string] | undefined): Letters =>
  (typeof language === 'string' && Object.hasOwn(inLanguages, language) && inLanguages[language]) ||
  englishLetters;
