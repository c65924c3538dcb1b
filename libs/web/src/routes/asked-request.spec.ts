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

  it.each(['?', '?a={b}|c^d`e\\f"g<h>', "?'", '?a?b', '?%zz', '?#', '?\u00e4', '?/../..//;%00'])(
    'has a query that no decision looks at: %s',
    (query) => expect(stated({ target: `/orders${query}` })).toMatchObject({ path: '/orders', query }),
  );

  it.each(['/a b', '/a?b c', '/a?\r\nX: y', '/a?\u0000', '/a?\u007f', '/a\t'])(
    'is refused for bytes that could split it: %j',
    (target) => expect(stated({ target })).toBe('target_malformed'),
  );

  it('is refused for its length in a word of its own', () => {
    expect(stated({ target: `/${'a'.repeat(8_191)}` })).toMatchObject({ query: '' });
    expect(stated({ target: `/${'a'.repeat(8_192)}` })).toBe('target_too_long');
    expect(stated({ target: `/?${'a'.repeat(8_191)}` })).toBe('target_too_long');
  });

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

  it.each([
    ['http', 'http'],
    ['HTTPS', 'https'],
    ['ws', 'http'],
    ['wss', 'https'],
    ['WSS', 'https'],
  ])('has the scheme %s as %s (RFC 6455 §3)', (scheme, known) =>
    expect(stated({ scheme })).toMatchObject({ scheme: known }),
  );

  it.each(['', 'ftp', 'https, http', 'constructor'])('is refused for the scheme %j', (scheme) =>
    expect(stated({ scheme })).toBe('scheme_malformed'),
  );
});
