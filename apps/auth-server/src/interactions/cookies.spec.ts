import type { IncomingMessage, ServerResponse } from 'node:http';
import { seconds } from '@curfew/session-policy';
import { freshValue, readOwnCookie, setCookie } from './cookies.js';
import { PageSettings } from './page-settings.js';
import { valueFor, withValue } from './remembered-values.js';

const settings = (issuer: string) =>
  new PageSettings({
    issuer,
    cookieName: 'curfew',
    shortestPassword: 8,
    bodyBytes: 65_536,
    formKeys: [new Uint8Array(32)],
  });
const plain = settings('http://localhost:3000');
const secure = settings('https://id.example.test');
const request = (cookie?: string) => ({ headers: { cookie } }) as IncomingMessage;

const written = (to: PageSettings, maxAge?: number): string => {
  const lines: string[] = [];
  const response = {
    appendHeader: (_: string, line: string) => lines.push(line),
  } as unknown as ServerResponse;
  const value = 'v'.repeat(43);
  setCookie(response, to, 'device', maxAge === undefined ? { value } : { value, maxAge: seconds(maxAge) });
  return lines.join('\n');
};

it('keeps cookies from scripts and other sites, and with https ties them to this host', () => {
  expect(written(plain)).toBe(`curfew_device=${'v'.repeat(43)}; Path=/; HttpOnly; SameSite=Lax`);
  expect(written(secure, 60)).toBe(
    `__Host-curfew_device=${'v'.repeat(43)}; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60`,
  );
});

it('reads back what it set, among others', () => {
  const value = freshValue();
  expect(readOwnCookie(request(`a=b; curfew_device=${value}; c=d`), plain, 'device')).toBe(value);
  expect(readOwnCookie(request(`curfew_device=${value}`), secure, 'device')).toBeUndefined();
});

it.each([
  undefined,
  '',
  'curfew_device',
  'curfew_device=',
  'curfew_device=short',
  'curfew_device="<script>"',
])('takes the header %p for no cookie of ours', (header) => {
  expect(readOwnCookie(request(header), plain, 'device')).toBeUndefined();
});

it('knows the path of an issuer that does not stand at the root', () => {
  expect(settings('https://example.test/id/')).toMatchObject({ origin: 'https://example.test', base: '/id' });
  expect(plain.base).toBe('');
});

it('has one value for each of five accounts in which a browser is remembered, the latest first', () => {
  const names = ['ada', 'ben', 'cleo', 'dan', 'eve', 'fay'];
  const values = new Map(names.map((name) => [name, freshValue()]));
  const valuesIn = (cookie: string | undefined) => names.map((name) => valueFor(cookie, name));
  let cookie: string | undefined;
  for (const [name, value] of values) cookie = withValue(cookie, name, value);
  expect(valuesIn(cookie)).toEqual([undefined, ...[...values.values()].slice(1)]);
  const fresh = freshValue();
  expect(valuesIn(withValue(cookie, 'cleo', fresh))[2]).toBe(fresh);
  expect(withValue(cookie, 'cleo', fresh)).toHaveLength(cookie!.length);
  for (const foreign of ['', freshValue(), `${'~'.repeat(9)}${cookie}`, '"<script>"', undefined])
    expect([foreign, valuesIn(foreign)]).toEqual([foreign, names.map(() => undefined)]);
  expect(withValue('"<script>"; a=b', 'ada', fresh)).toMatch(/^[A-Za-z0-9_-]{65}$/);
});
