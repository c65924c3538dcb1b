import { formTarget, pageHeaders } from './security-headers.js';

const policy = (formTargets?: readonly string[]) =>
  pageHeaders(formTargets ? { formTargets } : {})['Content-Security-Policy'];

describe('the headers of a page', () => {
  it('load nothing but our own stylesheet, run no script and allow no frame', () => {
    expect(policy()).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(pageHeaders()['X-Frame-Options']).toBe('DENY');
  });

  it('keep the page out of every cache and its address out of every referrer', () => {
    expect(pageHeaders()['Cache-Control']).toBe('no-store');
    expect(pageHeaders()['Referrer-Policy']).toBe('no-referrer');
  });

  it('name each place a form may end at once', () => {
    expect(policy(['https://a.example', 'https://a.example'])).toContain(
      "form-action 'self' https://a.example;",
    );
  });
});

describe('the form target of a redirect URI', () => {
  it.each([
    ['https://app.example.com/callback?x=1', 'https://app.example.com'],
    ['http://localhost:3003/callback', 'http://localhost:3003'],
    ['http://127.0.0.1:49152/', 'http://127.0.0.1:49152'],
    ['http://[::1]:49152/callback', 'http:'],
    ['com.example.app:/callback', 'com.example.app:'],
    ['https://app.example.com', 'https://app.example.com'],
  ])('of %s is %s', (uri, target) => {
    expect(formTarget(uri)).toBe(target);
  });

  it.each(['', 'null', '/callback', "x;script-src 'unsafe-inline':", 'nonsense'])('is none for %p', (uri) => {
    expect(formTarget(uri)).toBeUndefined();
  });
});
