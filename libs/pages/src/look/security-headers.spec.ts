import { pageHeaders } from './security-headers.js';

const policy =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

describe('the headers of a page', () => {
  it('load nothing but our own stylesheet, run no script and allow no frame', () => {
    expect(pageHeaders({ language: 'en' })['Content-Security-Policy']).toBe(policy);
    expect(pageHeaders({ language: 'en' })['X-Frame-Options']).toBe('DENY');
  });

  it('keep the page out of every cache and its address out of every referrer', () => {
    expect(pageHeaders({ language: 'en' })['Cache-Control']).toBe('no-store');
    expect(pageHeaders({ language: 'en' })['Referrer-Policy']).toBe('no-referrer');
  });

  it('say in which language the page is, and that it depends on the reader', () => {
    const { 'Content-Language': language, Vary: vary } = pageHeaders({ language: 'de' });
    expect([language, vary]).toEqual(['de', 'Accept-Language']);
  });

  it('hold no redirect of an application against a form that leads to it, and are as strict otherwise', () => {
    expect(pageHeaders({ language: 'en', leadsOut: true })['Content-Security-Policy']).toBe(
      policy.replace("form-action 'self'; ", ''),
    );
  });
});
