import { policySettings } from '../../generated/lists.js';
import { judgedWords, sentenceWords, settingWords, valueWords } from './setting-words.js';

/** Words as a person writes them: no underscores, no names of programs, no addresses of classes. */
const isPlain = (words: string): boolean => /^[A-Za-z]+( [a-z]+)*$/.test(words);

describe('the words of the console for a policy', () => {
  it('are those of a person for every setting, and for every choice', () => {
    const said = policySettings.flatMap((shape) => [
      settingWords(shape.name),
      ...(shape.kind === 'choice' ? shape.choices.map((choice) => valueWords(choice, shape.name)) : []),
    ]);
    expect(said.length).toBeGreaterThan(40);
    expect(said.filter((words) => !isPlain(words))).toEqual([]);
  });

  it('tell values that were judged together one after the other', () => {
    expect(judgedWords('use, refresh_or_use', 'activity')).toBe('use, refreshes and use');
    expect(judgedWords('urn:curfew:acr:mfa', 'requiredAcr')).toBe('two factors');
    expect(judgedWords('15m, 30m', 'inactivityTimeout')).toBe('15m, 30m');
  });

  it('stand in the sentences of the admin API as well', () => {
    expect(sentenceWords('must be below absoluteLifetime')).toBe('must be below absolute lifetime');
  });
});
