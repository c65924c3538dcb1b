import { pageHeaders } from './security-headers.js';

const policy =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

describe('the headers of a page', () => {
  it('load nothing but our own stylesheet, run no script and allow no frame', () => {
    expect(pageHeaders()['Content-Security-Policy']).toBe(policy);
    expect(pageHeaders()['X-Frame-Options']).toBe('DENY');
  });

  it('keep the page out of every cache and its address out of every referrer', () => {
    expect(pageHeaders()['Cache-Control']).toBe('no-store');
    expect(pageHeaders()['Referrer-Policy']).toBe('no-referrer');
  });

  it('hold no redirect of an application against a form that leads to it, and are as strict otherwise', () => {
    expect(pageHeaders({ leadsOut: true })['Content-Security-Policy']).toBe(
      policy.replace("form-action 'self'; ", ''),
    );
  });
});
