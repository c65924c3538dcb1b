import { Person } from '../support/person.js';
import { asHeader, deviceGrant, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

/** Somebody whose cookies another site would like to use. */
class Victim extends Person {
  get cookie(): string {
    const { cookies } = this as unknown as { cookies: Map<string, { name: string; value: string }> };
    return [...cookies.values()].map(({ name, value }) => `${name}=${value}`).join('; ');
  }
}

async function signedIn() {
  const { username, password } = world.data.accounts[0]!;
  const victim = new Victim(username, password);
  const { body } = await world.signIn(world.clients.web, { scope: 'openid' }, victim);
  return { victim, refreshToken: body.refresh_token as string };
}

const xsrfIn = (page: string): string => /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
const forged = ['', 'x', '0'.repeat(48), '__proto__', 'é'.repeat(24)];

describe('a form that another site submits with the cookies of the person', () => {
  it('signs nobody out', async () => {
    const { victim, refreshToken } = await signedIn();
    const html = { accept: 'text/html', cookie: victim.cookie };
    // Without a page of ours there is no token at all, and asking for the page changes nothing.
    expect((await world.post('/logout/confirm', { logout: 'yes' }, html)).status).toBe(400);
    const page = await world.get('/logout', html);
    expect(page.status).toBe(200);
    for (const xsrf of [...forged, `${xsrfIn(page.body).slice(1)}0`])
      expect([xsrf, (await world.post('/logout/confirm', { logout: 'yes', xsrf }, html)).status]).toEqual([
        xsrf,
        400,
      ]);
    const twice = new URLSearchParams({ logout: 'yes', xsrf: xsrfIn(page.body) });
    twice.append('xsrf', 'x');
    expect((await world.post('/logout/confirm', twice, html)).status).toBe(400);
    expect((await world.refresh(world.clients.web, refreshToken)).status).toBe(200);
  });

  it('connects no device', async () => {
    const { victim } = await signedIn();
    const { id: client_id } = world.clients.tv;
    const started = (await world.post('/device/authorization', { client_id, scope: 'openid' })).body;
    const html = { accept: 'text/html', cookie: victim.cookie };
    await world.get('/device', html);
    for (const xsrf of forged) {
      const form = { user_code: started.user_code, confirm: 'yes', xsrf };
      const { status, body } = await world.post('/device', form, html);
      expect([xsrf, status]).toEqual([xsrf, 400]);
      expect(body).not.toContain(world.data.accounts[0]!.username);
    }
    const poll = { grant_type: deviceGrant, device_code: started.device_code, client_id };
    expect((await world.post('/token', poll)).body.error).toBe('authorization_pending');
  });

  it('does not get through by another kind of request', async () => {
    const { victim, refreshToken } = await signedIn();
    const { cookie } = victim;
    for (const path of ['/logout/confirm?logout=yes&xsrf=x', '/sessions?end=others', '/password?new=x'])
      await world.get(path, { accept: 'text/html', cookie });
    for (const [type, body] of [
      ['text/plain', 'logout=yes'],
      ['application/json', '{"logout":"yes"}'],
    ] as const) {
      const headers = { 'content-type': type, cookie, accept: 'text/html' };
      const response = await fetch(`${world.issuer}/logout/confirm`, {
        method: 'POST',
        body,
        headers,
        redirect: 'manual',
      });
      expect(response.status).toBe(400);
    }
    expect((await world.refresh(world.clients.web, refreshToken)).status).toBe(200);
  });
});

describe('a page that another site wants to read', () => {
  it('is not shared, whatever origin asks', async () => {
    const { victim } = await signedIn();
    for (const origin of [
      'https://evil.example',
      'null',
      new URL(world.callback).origin,
      `${world.issuer}.evil.example`,
    ])
      for (const path of ['/', '/sessions', '/sign-in', '/device', '/logout', '/authorize']) {
        const { headers } = await world.get(path, { origin, cookie: victim.cookie, accept: 'text/html' });
        expect([
          path,
          headers.get('access-control-allow-origin'),
          headers.get('access-control-allow-credentials'),
        ]).toEqual([path, null, null]);
      }
  });

  it('is a token endpoint for the origins of a client’s redirect URIs only', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: 'x' };
    const ask = (origin: string) => world.post('/token', form, { ...asHeader(world.clients.web), origin });
    const own = new URL(world.callback).origin;
    expect((await ask(own)).headers.get('access-control-allow-origin')).toBe(own);
    for (const origin of [
      'https://evil.example',
      'null',
      `${own}.evil.example`,
      own.replace('http:', 'https:'),
    ]) {
      const { status, headers, body } = await ask(origin);
      expect([origin, status, headers.get('access-control-allow-origin')]).toEqual([origin, 400, null]);
      expect(JSON.stringify(body)).not.toContain('evil');
    }
  });
});
