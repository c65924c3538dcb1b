import { settingNames, settingOf } from './policy.js';
import { valueWords } from './value-words.js';

const choices = settingNames.flatMap((name) => {
  const { shape } = settingOf(name);
  return shape.kind === 'choice' ? [[name, shape] as const] : [];
});

describe('the words for a value of a setting', () => {
  it('are words of a person, for every choice of every setting, and no two choices share them', () => {
    expect(choices.length).toBeGreaterThan(8);
    const raw = choices.flatMap(([name, shape]) =>
      shape.choices.filter((choice) => !/^[a-z]+( [a-z]+)*$/.test(valueWords(name, choice))),
    );
    expect(raw).toEqual([]);
    for (const [name, shape] of choices)
      expect(new Set(shape.choices.map((choice) => valueWords(name, choice))).size).toBe(
        shape.choices.length,
      );
  });

  it('are given for choices that there are', () => {
    for (const [name, { choices: known, words = {} }] of choices)
      expect([name, Object.keys(words).filter((choice) => !known.includes(choice))]).toEqual([name, []]);
  });

  it.each([
    ['activity', 'refresh_or_use', 'refreshes and use'],
    ['requiredAcr', 'urn:curfew:acr:mfa', 'two factors'],
    ['onPasswordChange', 'end_others', 'end others'],
    ['inactivityTimeout', '15m', '15m'],
  ] as const)('of %s: %s', (setting, value, words) => {
    expect(valueWords(setting, value)).toBe(words);
  });
});
