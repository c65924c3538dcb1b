import type { IncomingMessage } from 'node:http';
import type { AskedRequest } from '@curfew/web';
import { BrowserMode, CookieTooLong } from './browser-mode.js';

const client = {
  name: 'shop',
  clientId: 'shop-web',
  clientSecret: 'secret',
  scopes: ['openid'],
  audience: 'https://orders.example.test',
  cookieSecrets: ['a secret of thirty-two characters'],
  afterSignOut: '/',
};
const asked: AskedRequest = {
  method: 'GET',
  scheme: 'https',
  host: 'shop.example.test',
  path: '/',
  reading: { sent: '/', meanings: ['/'], caseless: ['/'], traits: [] },
  query: '',
};
const now = 1_800_000_000_000;
const mode = (at = now) => new BrowserMode('https://login.example.test', client, () => at);
const tokens = (accessToken: string) => ({ accessToken, refreshToken: 'cfw_rt_1', accessExpiresAt: now });
const requestWith = (cookie: string) => ({ headers: { cookie } }) as IncomingMessage;
const pairOf = (setCookie: string): string => setCookie.split(';')[0]!;

describe('the cookie of a signed-in browser', () => {
  it('belongs to one host over TLS, goes with the browser, and is read by another gateway with the same secret', () => {
    const kept = mode().keep(tokens('cfw_at_1'), asked);
    expect(kept).toMatch(/^__Host-curfew_gateway=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    expect(mode().read(requestWith(pairOf(kept)), asked)).toEqual(tokens('cfw_at_1'));
    expect(mode().read(requestWith(pairOf(kept)), { ...asked, host: 'other.example.test' })).toBeUndefined();
    // Without the prefix anybody on the way could have set it.
    const bare = pairOf(kept).replace('__Host-', '');
    expect(mode().read(requestWith(bare), asked)).toBeUndefined();
  });

  it('is not made where browsers would drop it without a word', () => {
    expect(() => mode().keep(tokens('x'.repeat(4_000)), asked)).toThrow(CookieTooLong);
  });

  it('is kept from the upstream, with those of sign-ins under way, and the application’s own are not', () => {
    const cookies =
      '__Host-curfew_gateway=1; theme=dark; __Host-curfew_way_abc=2; curfew_gateway=3; curfew_x=4';
    expect(mode().ownCookies(requestWith(cookies))).toEqual([
      '__Host-curfew_gateway',
      '__Host-curfew_way_abc',
      'curfew_gateway',
    ]);
  });

  it('tells whether the person has only just signed in', () => {
    const kept = mode().keep({ ...tokens('cfw_at_1'), signedInAt: now }, asked);
    expect(mode(now + 9_999).hasJustSignedIn(requestWith(pairOf(kept)), asked)).toBe(true);
    expect(mode(now + 10_000).hasJustSignedIn(requestWith(pairOf(kept)), asked)).toBe(false);
    const refreshed = mode().keep(tokens('cfw_at_2'), asked);
    expect(mode().hasJustSignedIn(requestWith(pairOf(refreshed)), asked)).toBe(false);
  });
});
