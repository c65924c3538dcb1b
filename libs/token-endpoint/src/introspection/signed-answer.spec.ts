import { mayPreferJwt, prefers } from './signed-answer.js';

const [jwt, json] = ['application/token-introspection+jwt', 'application/json'];
const isPreferred = (accept: string) => prefers(accept, jwt, json);

/** RFC 9110 §12.5.1. */
describe('a JWT as the answer of an introspection', () => {
  it.each([
    [jwt, true],
    ['Application/Token-Introspection+JWT', true],
    [`${json}, ${jwt}`, false],
    [`${jwt}, ${json}`, true],
    [`${json};q=0.5, */*`, true],
    [`${jwt};q=0`, false],
    ['*/*', false],
    [json, false],
    [`application/*, ${json}`, false],
    ['text/html', false],
    ['', false],
  ])('is preferred by Accept: %s (%p)', (accept, expected) => {
    expect(isPreferred(accept)).toBe(expected);
  });

  it('is preferred by no header that neither names it nor has a parameter', () => {
    const types = ['*/*', 'application/*', 'text/*', json, 'text/html', jwt, jwt.toUpperCase()];
    const ranges = types.flatMap((type) => ['', ';q=0.5', ' ; q=1', ';q=0'].map((quality) => type + quality));
    const headers = ranges.flatMap((one) => [one, ...ranges.map((other) => `${one}, ${other}`)]);
    const preferring = headers.filter(isPreferred);
    expect(preferring.length).toBeGreaterThan(100);
    expect(preferring.filter((accept) => !mayPreferJwt.test(accept))).toEqual([]);
  });
});
