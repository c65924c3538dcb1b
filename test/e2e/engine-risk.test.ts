import { Person } from '../support/person.js';
import { type Answer, type EngineClient, EngineWorld, orders, type Tokens } from './engine-world.js';

let world: EngineWorld;
let api: EngineClient;
beforeAll(async () => {
  world = await EngineWorld.start({
    settings: { CURFEW_DEVICE_HEADER: 'X-Device', CURFEW_TLS_FINGERPRINT_HEADER: 'X-Tls' },
  });
  api = await world.client({ grant_types: [], redirect_uris: [], resources: [], resource: orders });
}, 90_000);
afterEach(() => world.check());
afterAll(() => world?.stop());

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const newerFirefox = firefox.replaceAll('128.0', '140.0');
const safari =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';
const home = { 'x-forwarded-for': '192.0.2.10', 'user-agent': firefox, 'x-device': 'laptop', 'x-tls': 't1' };
const neighbour = { ...home, 'x-forwarded-for': '192.0.2.77' };
const abroad = { ...home, 'x-forwarded-for': '203.0.113.5' };
const off = { ipChange: 'off', deviceMismatch: 'off', tlsFingerprintChange: 'off' };

const signedIn = async (
  policy: Record<string, unknown>,
): Promise<{ client: EngineClient; tokens: Tokens }> => {
  const client = await world.client({}, { ...off, ...policy });
  const tokens = await world.signIn(client, { headers: home, person: world.stranger() });
  return { client, tokens };
};
const stepUp = { status: 400, body: { error: 'insufficient_user_authentication' } };
const next = (answer: Answer, tokens: Tokens): Tokens => ({
  ...tokens,
  refresh_token: answer.body.refresh_token,
});

describe('a request that looks different from the sign-in', () => {
  it('is only observed where the policy observes: the client notices nothing, the operator does', async () => {
    const { client, tokens } = await signedIn({ ipChange: 'observe', deviceMismatch: 'observe' });
    const headers = { ...abroad, 'user-agent': safari };
    expect((await world.refresh(client, tokens.refresh_token, { headers })).status).toBe(200);
    await world.until(
      'it is recorded',
      async () => (await world.events(tokens.sid, 'session.risk_observed')).length === 1,
    );
    const [observed] = await world.events(tokens.sid, 'session.risk_observed');
    expect(observed!.data).toMatchObject({
      findings: [
        { signal: 'ip', action: 'observe', fields: ['ip', 'prefix'] },
        { signal: 'device', action: 'observe' },
      ],
      signals: { ip: '203.0.113.5' },
    });
  });

  it('is not even observed where the policy is off, or where only a version changed', async () => {
    const quiet = await signedIn({});
    expect((await world.refresh(quiet.client, quiet.tokens.refresh_token, { headers: abroad })).status).toBe(
      200,
    );
    const { client, tokens } = await signedIn({ deviceMismatch: 'end' });
    const headers = { ...home, 'user-agent': newerFirefox };
    expect((await world.refresh(client, tokens.refresh_token, { headers })).status).toBe(200);
  });

  it.each([
    ['the network', { ipChange: 'end', ipGranularity: 'prefix' }, abroad, 'risk_ip'],
    ['the browser', { deviceMismatch: 'end' }, { ...home, 'user-agent': safari }, 'risk_device'],
    ['the device', { deviceMismatch: 'end' }, { ...home, 'x-device': 'other' }, 'risk_device'],
    [
      'the TLS fingerprint',
      { tlsFingerprintChange: 'end' },
      { ...home, 'x-tls': 't2' },
      'risk_tls_fingerprint',
    ],
  ])(
    'by %s ends the session where the policy ends, with what was found',
    async (_, policy, headers, reason) => {
      const { client, tokens } = await signedIn(policy);
      expect((await world.refresh(client, tokens.refresh_token, { headers, node: 1 })).body.error).toBe(
        'invalid_grant',
      );
      expect(await world.endOf(tokens.sid)).toBe(reason);
      const [ended] = await world.events(tokens.sid, 'session.ended');
      expect(ended!.data.findings).toMatchObject([{ action: 'end' }]);
      expect(await world.isActive(api, tokens.access_token)).toBe(false);
      expect((await world.refresh(client, tokens.refresh_token, { headers: home })).status).toBe(400);
    },
  );

  it('from another address of the same network changes nothing', async () => {
    const { client, tokens } = await signedIn({ ipChange: 'end', ipGranularity: 'prefix' });
    expect((await world.refresh(client, tokens.refresh_token, { headers: neighbour })).status).toBe(200);
  });

  it('cannot be talked away with forwarded addresses of one’s own', async () => {
    const { client, tokens } = await signedIn({ ipChange: 'end', ipGranularity: 'exact' });
    const spoofed = { ...home, 'x-forwarded-for': '192.0.2.10, 203.0.113.5' };
    expect((await world.refresh(client, tokens.refresh_token, { headers: spoofed })).status).toBe(400);
    expect(await world.endOf(tokens.sid)).toBe('risk_ip');
  });
});

describe('a session whose code a server redeemed', () => {
  const server = { 'x-forwarded-for': '198.51.100.1', 'user-agent': 'node' };
  const { 'x-device': _, 'x-tls': __, ...browser } = home;

  it('is shown to its person as the browser they signed in with, and compared with the server', async () => {
    const client = await world.client({}, { ...off, ipChange: 'end', deviceMismatch: 'end' });
    const { username, password } = world.data.accounts[1]!;
    const person = new Person(username, password, browser);
    const tokens = await world.signIn(client, { headers: server, person });
    const { body } = await person.open(`${world.issuer}/sessions`);
    expect(body).toContain('>Firefox on Linux</h2>');
    expect(body).toContain('<dt>From</dt><dd>192.0.2.10</dd>');
    expect(body).not.toContain('198.51.100.1');
    expect((await world.row(tokens.sid)).baseline).toMatchObject({ ip: '198.51.100.1' });
    const { status, body: refreshed } = await world.refresh(client, tokens.refresh_token, {
      headers: server,
    });
    expect(status).toBe(200);
    const thief = await world.refresh(client, refreshed.refresh_token, { headers: browser });
    expect(thief.status).toBe(400);
    expect(await world.endOf(tokens.sid)).toMatch(/^risk_/);
  });

  it('says no more than that, and nothing where the browser redeemed the code itself', async () => {
    const client = await world.client();
    const { username, password } = world.data.accounts[1]!;
    const person = new Person(username, password, browser);
    const served = await world.signIn(client, { headers: server, person });
    const own = await world.signIn(client, { headers: browser, person });
    const origin = async ({ sid }: Tokens) => (await world.row(sid)).authorization.origin;
    expect(await origin(served)).toEqual({ ua: 'Firefox', os: 'Linux', ip: '192.0.2.10' });
    expect(await origin(own)).toBeUndefined();
  });
});

describe('step-up (RFC 9470)', () => {
  const policy = { ipChange: 'step_up', ipGranularity: 'prefix' };

  it('is asked for each time, consumes nothing, and is recorded once', async () => {
    const { client, tokens } = await signedIn(policy);
    for (const node of [0, 1, 0]) {
      const answer = await world.refresh(client, tokens.refresh_token, { headers: abroad, node });
      expect(answer).toMatchObject(stepUp);
      expect(answer.body.max_age).toBe(0);
    }
    expect(await world.events(tokens.sid, 'session.step_up_required')).toHaveLength(1);
    expect(await world.row(tokens.sid)).toMatchObject({ generation: 0, ended_at: null });
    expect((await world.refresh(client, tokens.refresh_token, { headers: home })).status).toBe(200);
  });

  it('looks the same to a client, whether or not it names an API', async () => {
    const { client, tokens } = await signedIn(policy);
    const plain = await world.refresh(client, tokens.refresh_token, { headers: abroad });
    const extra = { resource: orders };
    const long = await world.refresh(client, tokens.refresh_token, { headers: abroad, extra });
    expect([long.status, long.body]).toEqual([plain.status, plain.body]);
  });

  it('is healed by signing in again: the new circumstances are the baseline, the old ones are not', async () => {
    const client = await world.client({}, { ...off, ...policy });
    const person = world.stranger();
    const tokens = await world.signIn(client, { headers: home, person });
    expect(await world.refresh(client, tokens.refresh_token, { headers: abroad })).toMatchObject(stepUp);
    await world.pass(2);
    await world.signIn(client, {
      headers: abroad,
      person,
      extra: { resource: orders, scope: 'openid orders:read', prompt: 'login' },
    });
    expect((await world.events(tokens.sid, 'session.stepped_up')).map(({ data }) => data.signals.ip)).toEqual(
      ['203.0.113.5'],
    );
    const healed = await world.refresh(client, tokens.refresh_token, { headers: abroad, node: 1 });
    expect(healed.status).toBe(200);
    const back = next(healed, tokens);
    expect(await world.refresh(client, back.refresh_token, { headers: home })).toMatchObject(stepUp);
  });

  it('is not healed by merely still being signed in, nor in another browser, nor at another client', async () => {
    const client = await world.client({}, { ...off, ...policy });
    const person = world.stranger();
    const tokens = await world.signIn(client, { headers: home, person });
    expect(await world.refresh(client, tokens.refresh_token, { headers: abroad })).toMatchObject(stepUp);
    await world.pass(2);
    const anew = { resource: orders, scope: 'openid orders:read', prompt: 'login' };
    await expect(world.code(client, { prompt: 'none' }, person)).rejects.toThrow('error=login_required');
    await world.signIn(client, { headers: abroad, person: world.stranger(), extra: anew });
    await world.signIn(await world.client(), { headers: abroad, person: world.stranger(), extra: anew });
    expect(await world.refresh(client, tokens.refresh_token, { headers: abroad })).toMatchObject(stepUp);
    expect(await world.events(tokens.sid, 'session.stepped_up')).toEqual([]);
  });

  it('cannot be got around by leaving out the signal that asked for it', async () => {
    const client = await world.client({}, { ...off, deviceMismatch: 'step_up' });
    const tokens = await world.signIn(client, { headers: home, person: world.stranger() });
    const elsewhere = { ...home, 'x-device': 'other' };
    expect(await world.refresh(client, tokens.refresh_token, { headers: elsewhere })).toMatchObject(stepUp);
    const { 'x-device': _, ...withheld } = home;
    expect(await world.refresh(client, tokens.refresh_token, { headers: withheld })).toMatchObject(stepUp);
  });
});
