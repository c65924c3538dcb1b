import { failExactlyAt } from '../support/faults.js';
import { formsOf } from '../support/person.js';
import { authorizationRequest, orders, ProtocolWorld, pkce } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

const address = (extra: Record<string, string> = {}): string => {
  const code_challenge = pkce().challenge;
  const asked = { code_challenge, code_challenge_method: 'S256', ...extra };
  return `/authorize?${authorizationRequest(world.clients.web, world.callback, asked)}`;
};
const cookiesOf = (headers: Headers): string =>
  headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');

/** ADR 35. */
describe('the first page of an authorization', () => {
  it('is the answer to the request, with a form for the interaction’s own address', async () => {
    const { status, headers, body } = await world.get(address(), { accept: 'text/html' });
    expect([status, headers.get('location'), headers.get('cache-control')]).toEqual([200, null, 'no-store']);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    // Chromium would hold this against each redirect of the application's own.
    expect(headers.get('content-security-policy')).not.toContain('form-action');
    const [form] = formsOf(String(body));
    expect(form!.action).toMatch(/^\/interaction\/[\w-]+$/);
    // The same page for whoever was sent there, with the cookie alone that belongs to it.
    const there = await world.get(form!.action, { accept: 'text/html', cookie: cookiesOf(headers) });
    const drawn = [body, there.body].map((page) => String(page).replace(/data-passkey="[^"]+"/, ''));
    expect([there.status, drawn[1]]).toEqual([200, drawn[0]]);
    expect((await world.get(form!.action, { accept: 'text/html' })).status).toBe(400);
  });

  it('answers HEAD with the same headers and no page', async () => {
    const answer = await fetch(`${world.issuer}${address()}`, { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('is not shown where its interaction was not written', async () => {
    for (const timing of ['before', 'commit'] as const) {
      const place = { table: 'protocol_artifact', operation: 'INSERT', timing } as const;
      const fault = await failExactlyAt(world.database, place, { kind: 'terminate' });
      const { status, headers, body } = await world.get(address(), { accept: 'text/html' });
      await fault.remove();
      expect([status, headers.getSetCookie(), formsOf(String(body))]).toEqual([503, [], []]);
    }
  });

  it('can be loaded again: each form leads on', async () => {
    for (const which of [0, 1]) {
      const person = world.person();
      const here = `${world.issuer}${address()}`;
      const pages = [await person.open(here), await person.open(here)];
      const actions = pages.map(({ body }) => formsOf(body)[0]!.action);
      expect(actions[0]).not.toBe(actions[1]);
      const done = await person.goOn(pages[which]!);
      expect(done.url.href).toMatch(`${world.callback}?code=`);
    }
  });

  it('goes on to the application when somebody who has signed in goes back to it', async () => {
    const person = world.person();
    const here = `${world.issuer}${address()}`;
    const first = await person.follow(here);
    const again = await person.open(here);
    for (const { url } of [first, again]) expect(url.href).toMatch(`${world.callback}?code=`);
    expect(again.url.href).not.toBe(first.url.href);
  });

  it('asks which account where the client wants one chosen, whoever is signed in', async () => {
    const person = world.person();
    await person.follow(`${world.issuer}${address()}`);
    const page = await person.open(`${world.issuer}${address({ prompt: 'select_account' })}`);
    expect(page.body).toContain('which account you want to use');
    const { username, password } = world.data.accounts[1]!;
    const other = person.followedBy(username, password);
    expect((await other.goOn(page)).url.href).toMatch(`${world.callback}?code=`);
    expect((await other.open(`${world.issuer}/`)).body).toContain(username);
    const both = await other.open(`${world.issuer}${address({ prompt: 'select_account consent' })}`);
    expect((await other.goOn(both)).url.href).toMatch(`${world.callback}?code=`);
    const silent = await other.open(`${world.issuer}${address({ prompt: 'none select_account' })}`);
    expect(silent.url.searchParams.get('error')).toBe('invalid_request');
  });

  it('asks for consent where somebody is signed in', async () => {
    const person = world.person();
    await person.follow(`${world.issuer}${address()}`);
    const page = await person.open(`${world.issuer}${address({ prompt: 'consent' })}`);
    expect([page.status, page.url.pathname]).toEqual([200, '/authorize']);
    expect(page.body).toContain('value="allow"');
    // However often scopes were allowed before, the page lists all that will be granted and marks the new ones.
    for (let time = 0; time < 3; time++) {
      const again = await person.open(`${world.issuer}${address({ prompt: 'consent' })}`);
      expect(again.body).toContain('Recognize you <span class="small quiet">(allowed before)</span>');
      expect((await person.goOn(again)).url.href).toMatch(`${world.callback}?code=`);
    }
    const wider = { prompt: 'consent', scope: 'openid offline_access orders:read', resource: orders };
    for (const marked of [1, 3]) {
      const more = await person.open(`${world.issuer}${address(wider)}`);
      expect(more.body).toContain('See orders');
      expect(more.body).toContain('Stay connected while you are away');
      expect(more.body.match(/\(allowed before\)/g)).toHaveLength(marked);
      await person.goOn(more);
    }
    expect((await person.goOn(page)).url.href).toMatch(`${world.callback}?code=`);
  });
});
