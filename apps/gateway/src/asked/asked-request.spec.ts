import { readAsked } from './asked-request.js';

const stated = (changes: Partial<Parameters<typeof readAsked>[0]> = {}) =>
  readAsked({ method: 'GET', scheme: 'https', host: 'orders.example.test', target: '/orders', ...changes });

describe('a request that is asked about', () => {
  it('keeps its path and query as they were sent', () => {
    expect(stated({ target: '/a/b%20c/~d?x=%2e%2e/&y=//' })).toMatchObject({
      path: '/a/b%20c/~d',
      query: '?x=%2e%2e/&y=//',
    });
  });

  it.each([
    '//orders',
    '/a//b',
    '/a/./b',
    '/a/../b',
    '/a/..',
    '/.',
    '/%2e%2e/a',
    '/a/%2E/b',
    '/a%2fb',
    '/a%5Cb',
    '/a%00',
    '/a%0d%0ab',
    '/a%7f',
    '/a;b',
    '/a%3bb',
    '/a%252e',
  ])('is refused where its path may be read in two ways: %s', (target) =>
    expect(stated({ target })).toBe('path_ambiguous'),
  );

  it.each([
    '',
    'orders',
    '*',
    'https://x/',
    '/a b',
    '/a\\b',
    '/a#b',
    '/ä',
    '/a%zz',
    '/a%2',
    '/a\u0000b',
    '/<a>',
    `/${'a'.repeat(9_000)}`,
  ])('is refused where its target is none: %.20s', (target) =>
    expect(stated({ target })).toBe('target_malformed'),
  );

  it.each([
    ['ORDERS.example.TEST', 'orders.example.test'],
    ['orders.example.test.', 'orders.example.test'],
    ['orders.example.test:443', 'orders.example.test'],
    ['orders.example.test:8443', 'orders.example.test:8443'],
    ['[::1]:8443', '[::1]:8443'],
  ])('knows %s as %s', (host, known) => expect(stated({ host })).toMatchObject({ host: known }));

  it.each(['', 'a b', 'a,b', 'a/b', 'a@b', 'a..b', 'a:b', '-a', 'a_b', 'a:123456'])(
    'is refused where its host is none: %s',
    (host) => expect(stated({ host })).toBe('host_malformed'),
  );

  it.each(['', 'get', 'GET,POST', 'GE T', 'G'.repeat(40)])(
    'is refused where its method is none: %s',
    (method) => expect(stated({ method })).toBe('method_malformed'),
  );

  it('is http or https', () => expect(stated({ scheme: 'ws' })).toBe('scheme_malformed'));
});
