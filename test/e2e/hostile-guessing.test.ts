import { request } from 'node:http';
import { withoutChallenge } from '../support/page-bodies.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { asHeader, deviceGrant, orders, ProtocolWorld, type TestClient } from './protocol-world.js';

/** After this many wrong secrets for one client, a network has to wait before it may be wrong again. */
const allowed = 12;

let world: ProtocolWorld;
let behindNothing: RunningServer;
beforeAll(async () => {
  world = await ProtocolWorld.start({
    CURFEW_TRUSTED_HOPS: '1',
    CURFEW_THROTTLE_CLIENT: `${allowed}/5m`,
    CURFEW_HASHING_QUEUE: '8',
  });
  // A second node over the same database, to which nobody but its callers says where they are.
  const { environment } = world.server;
  behindNothing = await startServer({
    databaseUrl: world.database.url,
    settings: { ...environment, CURFEW_AUTH_PORT: String(await freePort()), CURFEW_TRUSTED_HOPS: '0' },
  });
}, 90_000);
afterAll(async () => {
  await behindNothing?.stop();
  await world?.stop();
});

const from = (address: string) => ({ 'x-forwarded-for': address });
const guess = ({ id }: TestClient, number = 0) =>
  asHeader({ ...world.clients.web, id, secret: `cfw_cs_guess${number}` });
const counted = (statuses: readonly number[]) =>
  Object.fromEntries(
    [...new Set(statuses)].sort().map((status) => [status, statuses.filter((one) => one === status).length]),
  );

/** Asks a node by its port, under the issuer's name. */
async function at(port: number, path: string, form: Record<string, string>, headers: Record<string, string>) {
  const body = new URLSearchParams(form).toString();
  const host = new URL(world.issuer).host;
  return new Promise<{ status: number; retryAfter: number }>((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        headers: {
          host,
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
          ...headers,
        },
      },
      (incoming) => {
        incoming.resume().on('end', () =>
          resolve({
            status: incoming.statusCode!,
            retryAfter: Number(incoming.headers['retry-after'] ?? 0),
          }),
        );
      },
    );
    outgoing.on('error', reject).end(body);
  });
}

describe('guessing a client’s secret', () => {
  const refresh = { grant_type: 'refresh_token', refresh_token: 'x' };

  it('in 150 parallel attempts on two nodes is told no more often than allowed that it was wrong, and shuts nobody out', async () => {
    const { pushed: victim, other } = world.clients;
    const ports = [world.server.port, behindNothing.port];
    // The second node sees 127.0.0.1, the first one is told of the same network by its proxy.
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, number) =>
        at(ports[number % 2]!, '/token', refresh, {
          ...guess(victim, number),
          ...from(`127.0.0.${number + 1}`),
        }),
      ),
    );
    const statuses = counted(answers.map(({ status }) => status));
    // A starved machine answers 503 to whoever waited for the database for two seconds: no secret was compared then.
    expect([401, 429, 503]).toEqual(expect.arrayContaining(Object.keys(statuses).map(Number)));
    expect(statuses['401']).toBeLessThanOrEqual(allowed);
    expect(statuses['429']).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status !== 401).every(({ retryAfter }) => retryAfter > 0)).toBe(
      true,
    );
    // The right secret is right from everywhere: somebody who guesses beside the client does not shut it out.
    const ask = (client: TestClient, address: string) =>
      at(world.server.port, '/token', refresh, { ...asHeader(client), ...from(address) });
    expect(await ask(victim, '127.0.0.9')).toMatchObject({ status: 400 });
    expect(await ask(victim, '198.51.100.7')).toMatchObject({ status: 400 });
    expect(await ask(victim, '2001:db8::1')).toMatchObject({ status: 400 });
    expect(await ask(other, '127.0.0.9')).toMatchObject({ status: 400 });
  });

  it('is counted together at every endpoint that takes one', async () => {
    const { api } = world.clients;
    const places: readonly (readonly [string, Record<string, string>])[] = [
      ['/token', refresh],
      ['/introspection', { token: 'x' }],
      ['/revocation', { token: 'x' }],
      ['/par', { client_id: api.id }],
      ['/device/authorization', {}],
      ['/session-feed/acknowledgements', {}],
      ['/introspection/batch', {}],
    ];
    const statuses: number[] = [];
    for (let round = 0; round < 4; round += 1)
      for (const [path, form] of places)
        statuses.push(
          (await at(world.server.port, path, form, { ...guess(api), ...from('203.0.113.5') })).status,
        );
    expect(counted(statuses)).toEqual({ 401: allowed, 429: 4 * places.length - allowed });
  });

  it('is not hidden by addresses that a caller made up', async () => {
    const { rs256, eddsa } = world.clients;
    const statuses = { told: [] as number[], direct: [] as number[] };
    for (let number = 0; number < allowed + 5; number += 1) {
      const made = `10.${number}.0.1, 192.0.2.${number}`;
      // Values before the proxy's own value were sent by the caller.
      const told = from(`${made}, 203.0.113.77`);
      statuses.told.push(
        (await at(world.server.port, '/token', refresh, { ...guess(rs256), ...told })).status,
      );
      const claims = { ...from(made), forwarded: `for=${made}`, 'x-real-ip': made, 'true-client-ip': made };
      statuses.direct.push(
        (await at(behindNothing.port, '/token', refresh, { ...guess(eddsa), ...claims })).status,
      );
    }
    expect(counted(statuses.told)).toEqual({ 401: allowed, 429: 5 });
    expect(counted(statuses.direct)).toEqual({ 401: allowed, 429: 5 });
  });

  it('of clients that do not exist leaves no trace of them', async () => {
    const size = async () => (await world.database.query('SELECT 1 FROM throttle')).length;
    const before = await size();
    for (let number = 0; number < 30; number += 1) {
      const nobody = { ...world.clients.web, id: `nobody-${number}` };
      expect(
        (await at(world.server.port, '/token', refresh, { ...guess(nobody), ...from('203.0.113.8') })).status,
      ).toBe(401);
    }
    expect(await size()).toBe(before);
  });
});

describe('guessing a password', () => {
  /** A form as the sign-in page has it, for a browser of its own. */
  const openForm = async (address: string) => {
    const page = await world.get('/sign-in', { accept: 'text/html', ...from(address) });
    const cookie = page.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)![1]!;
    return { cookie, csrf };
  };
  const signIn = async (username: string, password: string, address: string) => {
    const { cookie, csrf } = await openForm(address);
    const headers = {
      cookie,
      origin: world.issuer,
      'sec-fetch-site': 'same-origin',
      accept: 'text/html',
      ...from(address),
    };
    const answer = await world.post('/sign-in', { csrf, username, password }, headers);
    const notice = answer.headers.getSetCookie().find((line) => line.includes('_notice='));
    if (!notice) return answer;
    // The page that the browser is sent to says what is wrong with the form.
    expect(answer.status).toBe(303);
    const page = await world.get(answer.headers.get('location')!, {
      ...headers,
      cookie: `${cookie}; ${notice.split(';')[0]}`,
    });
    expect(answer.headers.get('retry-after')).toBe(page.headers.get('retry-after'));
    return page;
  };

  it('in parallel is stopped by account and network, and the owner signs in from elsewhere', async () => {
    const { username, password } = world.data.accounts[0]!;
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, number) =>
        signIn(username, `wrong password ${number}`, `203.0.113.${number}`),
      ),
    );
    const statuses = counted(answers.map(({ status }) => status));
    expect(statuses['422'] ?? 0).toBeLessThanOrEqual(10);
    expect((statuses['422'] ?? 0) + (statuses['429'] ?? 0) + (statuses['503'] ?? 0)).toBe(60);
    expect((await signIn(username, password, '198.51.100.20')).status).toBe(303);
  });

  it('is counted in events that keep neither what was typed nor the name of nobody', async () => {
    const recorded = async () => {
      const events = await world.database.query<{
        account_id: string | null;
        data: { cause: string; count: number; signals: { ip: string | null } };
      }>(`SELECT account_id, data FROM event_count WHERE type = 'signin.failed' ORDER BY xid, id`);
      return events.filter(({ data }) => data.signals.ip?.startsWith('198.51.101.'));
    };
    const sum = (events: Awaited<ReturnType<typeof recorded>>) =>
      events.reduce((all, { data }) => all + data.count, 0);
    const { username } = world.data.accounts[1]!;
    const [account] = await world.database.query<{ id: string }>(
      'SELECT id FROM account WHERE username = $1',
      [username],
    );
    // Counts are written when they have doubled, and else with the end of the minute (ADR 49): these are, unless one ends meanwhile.
    for (let number = 0; number < 4; number += 1)
      await signIn(username, 'a wrong password of mine', '198.51.101.7');
    // Somebody types the password where the name belongs.
    for (let number = 0; number < 8; number += 1)
      await signIn('hunter2-hunter2', 'a wrong password of mine', '198.51.101.7');
    for (const end = Date.now() + 75_000; sum(await recorded()) < 12 && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 100));
    const events = await recorded();
    const of = (cause: string) => events.filter(({ data }) => data.cause === cause);
    expect([sum(of('wrong_password')), sum(of('unknown_account'))]).toEqual([4, 8]);
    expect(of('wrong_password').every(({ account_id }) => account_id === account!.id)).toBe(true);
    expect(of('unknown_account').every(({ account_id }) => account_id === null)).toBe(true);
    expect(JSON.stringify(events)).not.toMatch(/hunter2|of mine/);
  }, 90_000);

  it('by a flood does not hold up the machines', async () => {
    const { web, service } = world.clients;
    const { body } = await world.signIn(web, { resource: orders, scope: 'openid orders:read' });
    const flood = Promise.all(
      Array.from({ length: 120 }, (_, number) =>
        signIn(`nobody-${number}`, 'x'.repeat(900), `10.0.${number}.1`),
      ),
    );
    const startedAt = performance.now();
    for (let turn = 0; turn < 10; turn += 1) {
      expect((await world.introspect(body.access_token)).body.active).toBe(true);
      const form = { grant_type: 'client_credentials', client_id: service.id, client_secret: service.secret };
      expect((await world.post('/token', form)).status).toBe(200);
    }
    const answered = (performance.now() - startedAt) / 20;
    const answers = await flood;
    expect(answers.every(({ status }) => [422, 429, 503].includes(status))).toBe(true);
    expect(
      answers.filter(({ status }) => status === 503).every(({ headers }) => headers.has('retry-after')),
    ).toBe(true);
    expect(answered).toBeLessThan(1_000);
  });

  it('looks the same for a name that does not exist', async () => {
    const { username } = world.data.accounts[1]!;
    const [known, unknown] = await Promise.all([
      signIn(username, 'a wrong password', '198.51.100.30'),
      signIn('no-such-person', 'a wrong password', '198.51.100.31'),
    ]);
    const shape = (body: string, name: string) =>
      withoutChallenge(body)
        .replaceAll(name, 'NAME')
        .replaceAll(/value="[^"]{20,}"|<code>[^<]*<\/code>/g, '');
    expect(known.status).toBe(unknown.status);
    expect(shape(known.body, username)).toBe(shape(unknown.body, 'no-such-person'));
  });
});

describe('guessing a code', () => {
  it('of a device or of a sign-in finds nothing and tells nothing', async () => {
    const { web, tv } = world.clients;
    for (let number = 0; number < 20; number += 1) {
      const code = Buffer.alloc(32, number).toString('base64url');
      const answers = [
        await world.redeem(web, code, 'x'.repeat(43)),
        await world.post('/token', { grant_type: deviceGrant, device_code: code, client_id: tv.id }),
      ];
      for (const { status, body } of answers) expect([status, body.error]).toEqual([400, 'invalid_grant']);
    }
  });
});
