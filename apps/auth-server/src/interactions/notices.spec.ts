import type { IncomingMessage, ServerResponse } from 'node:http';
import { ManualClock } from '@curfew/clock';
import { FormTokens } from './form-tokens.js';
import { Notices } from './notices.js';
import { PageSettings } from './page-settings.js';

const settings = new PageSettings({
  issuer: 'https://example.test/id',
  cookieName: 'curfew',
  shortestPassword: 8,
  bodyBytes: 65_536,
  formKeys: [new Uint8Array(32)],
});
const said = { problem: { code: 'throttled' }, username: 'ä"; Path=/; \u0000'.repeat(20) };

/** One browser that sends a form and then looks at pages. */
function browser() {
  const clock = new ManualClock(1_000_000);
  const notices = new Notices(new FormTokens(settings), settings, clock);
  let lines: string[] = [];
  const response = {
    appendHeader: (_: string, line: string) => lines.push(line),
  } as unknown as ServerResponse;
  const ask = (url: string, cookie: string, address = '/id/sign-in?next=sessions', binding = 'browser-1') => {
    lines = [];
    const request = { url, headers: { cookie } } as IncomingMessage;
    return notices.take({ request, response, address, binding });
  };
  const place = { request: {} as IncomingMessage, response, address: '/id/sign-in?next=sessions' };
  const leave = () => {
    lines = [];
    const location = notices.leave({ ...place, binding: 'browser-1' }, said);
    return { location, line: lines[0]!, cookie: lines[0]!.split(';')[0]! };
  };
  return { clock, ask, leave, set: () => lines };
}

describe('what is to be said of a form', () => {
  it('is kept from scripts, other sites and other paths, for a minute and in less than a cookie may be', () => {
    const { line, location } = browser().leave();
    expect(line).toMatch(
      /^__Secure-curfew_notice=[\w-]+\.[\w-]+; Path=\/id\/sign-in; HttpOnly; SameSite=Lax; Secure; Max-Age=60$/,
    );
    expect(location).toMatch(/^\/id\/sign-in\?next=sessions&notice=[\w-]{12}$/);
    expect(line.length).toBeLessThan(4_096);
  });

  it('is said once, by the page that the form led to', () => {
    const { ask, leave, set } = browser();
    const { location, cookie } = leave();
    expect(ask(location, `other=1; ${cookie}`)).toEqual(said);
    expect(set()).toEqual([
      expect.stringMatching(/^__Secure-curfew_notice=; Path=\/id\/sign-in; .*Max-Age=0$/),
    ]);
    expect(ask(location, 'other=1')).toBeUndefined();
  });

  it.each<
    [string, (form: { location: string; cookie: string }) => Parameters<ReturnType<typeof browser>['ask']>]
  >([
    ['another tab', ({ cookie }) => ['/sign-in?next=sessions', cookie]],
    ['a tab that was sent there by another form', ({ cookie }) => [browser().leave().location, cookie]],
    ['another browser', ({ location, cookie }) => [location, cookie, undefined, 'browser-2']],
    ['another page', ({ location, cookie }) => [location, cookie, '/id/password']],
    ['a changed cookie', ({ location, cookie }) => [location, cookie.replace('=', '=A')]],
    ['a cookie without its signature', ({ location, cookie }) => [location, cookie.split('.')[0]!]],
    ['a cookie that is empty', ({ location }) => [location, '__Secure-curfew_notice=']],
    ['a cookie without its prefix', ({ location, cookie }) => [location, cookie.slice('__Secure-'.length)]],
  ])('is not said to %s, and stays for its own page', (_, other) => {
    const { ask, leave, set } = browser();
    const form = leave();
    expect(ask(...other(form))).toBeUndefined();
    expect(set()).toEqual([]);
    expect(ask(form.location, form.cookie)).toEqual(said);
  });

  it('is not said later than a minute afterwards', () => {
    const { ask, leave, clock } = browser();
    const { location, cookie } = leave();
    clock.advance(60);
    expect(ask(location, cookie)).toEqual(said);
    clock.advance(0.001);
    expect(ask(location, cookie)).toBeUndefined();
  });
});
