import { readCredentials } from './credentials.js';

const of = (authorization: string | undefined, url = '/orders', several = false) =>
  readCredentials(authorization === undefined ? {} : { authorization }, url, several);

describe('the credentials of a request', () => {
  it.each([
    ['Bearer abc.def-_~+/==', 'Bearer'],
    ['bearer abc', 'Bearer'],
    ['DPoP abc', 'DPoP'],
  ])('are found in %s', (header, scheme) =>
    expect(of(header)).toMatchObject({ kind: 'token', scheme, token: header.split(' ')[1] }),
  );

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer "a"',
    `Bearer ${'a'.repeat(9000)}`,
  ])('are malformed: %.30s', (header) => expect(of(header).kind).toBe('malformed'));

  it.each([undefined, '', 'Basic YTpi', 'Bearerabc'])('are none of ours: %s', (header) =>
    expect(of(header).kind).toBe('none'),
  );

  it('are never taken from the query', () => {
    expect(of(undefined, '/orders?access_token=abc').kind).toBe('malformed');
    expect(of(undefined, '/orders?a=1&access_token=abc').kind).toBe('malformed');
    expect(of('Bearer abc', '/orders?access_token=abc').kind).toBe('several');
    expect(of('Bearer abc', '/orders?my_access_token=abc').kind).toBe('token');
  });

  it('may be there once only', () => {
    expect(of('Bearer abc', '/', true).kind).toBe('several');
    expect(readCredentials({ authorization: ['Bearer a', 'Bearer b'] }, '/').kind).toBe('several');
  });
});
