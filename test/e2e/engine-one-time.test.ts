import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import pg from 'pg';
import { addPasskey, offeredIn, type SoftwarePasskey, showPasskey } from '../support/software-passkey.js';
import { type Answer, atOnce, type EngineClient, EngineWorld, orders, type Tokens } from './engine-world.js';
import { deviceGrant, pkce } from './protocol-world.js';

let world: EngineWorld;
let web: EngineClient;
let spa: EngineClient;
beforeAll(async () => {
  world = await EngineWorld.start();
  [web, spa] = [await world.client(), await world.client({ token_endpoint_auth_method: 'none' })];
}, 90_000);
afterEach(() => world.check());
afterAll(() => world?.stop());

const succeeded = (answers: readonly Answer[]) => answers.filter(({ status }) => status < 300);
const noneBroke = (answers: readonly Answer[]) =>
  expect(answers.filter(({ status }) => status >= 500).map(({ status }) => status)).toEqual([]);
const now = () => world.clock.now() / 1000;
const aProof = async (key: Awaited<ReturnType<typeof aKey>>, claims: Record<string, unknown> = {}) =>
  new SignJWT({
    htm: 'POST',
    htu: `${world.issuer}/token`,
    jti: randomUUID(),
    iat: Math.floor(now()),
    ...claims,
  })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk })
    .sign(key.privateKey);
const aKey = async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  return { ...pair, jwk: await exportJWK(pair.publicKey) };
};

/** A browser whose requests reach the node that is named. */
function aBrowser() {
  const jar = new Map<string, string>();
  return async (node: number, method: string, path: string, form?: Record<string, string>) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await world.send(node, method, path, form, {
      cookie,
      accept: 'text/html',
      'sec-fetch-site': 'same-origin',
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]+)/.exec(line) ?? [];
      if (!/1970/.test(line)) jar.set(name, value);
    }
    return answer;
  };
}
const authorizing = (extra: Record<string, string> = {}) =>
  new URLSearchParams({
    client_id: web.id,
    redirect_uri: world.callback,
    response_type: 'code',
    scope: 'openid',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    ...extra,
  });
/** Until a statement of a node waits for a lock. */
async function untilLocked(): Promise<void> {
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  for (let turn = 0; turn < 400; turn += 1) {
    if ((await world.database.query(waiting)).length > 0) return;
    await pause(25);
  }
  throw new Error('nothing waited for a lock in ten seconds');
}
/** The answers that lead the browser to the application, with a code. */
const leadOn = (answers: readonly Answer[]) =>
  answers.filter(({ headers }) => /[?&]code=/.test(headers.location ?? ''));

describe('codes that are redeemed together', () => {
  const browsers = () => world.database.query<{ uid: string }>('SELECT uid FROM browser_session');

  it('wait for nobody’s browser but their own, and end as their browser does', async () => {
    const codes: Awaited<ReturnType<typeof world.code>>[] = [];
    const uids: string[] = [];
    for (let number = 0; number < 4; number += 1) {
      const known = new Set((await browsers()).map(({ uid }) => uid));
      codes.push(await world.code(web, { scope: 'openid' }, world.stranger(number % 3)));
      uids.push((await browsers()).find(({ uid }) => !known.has(uid))!.uid);
    }
    const holder = new pg.Client({ connectionString: world.database.url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM browser_session WHERE uid = ANY($1) FOR UPDATE', [uids.slice(0, 2)]);
    const answers = codes.map((code) => world.redeem(web, code));
    const others = await Promise.all(answers.slice(2));
    expect(others.map(({ status }) => status)).toEqual([200, 200]);
    await holder.query('DELETE FROM browser_session WHERE uid = $1', [uids[0]]);
    await holder.query('COMMIT');
    await holder.end();
    const [signedOut, held] = await Promise.all(answers.slice(0, 2));
    expect([signedOut!.status, signedOut!.body.error, held!.status]).toEqual([400, 'invalid_grant', 200]);
  });
});

describe('of fifty uses at once on two nodes, one wins', () => {
  it('with an authorization code, and the session it started is ended by the others', async () => {
    const code = await world.code(web, { scope: 'openid' });
    const answers = await atOnce(50, (node) => world.redeem(web, code, { node }));
    noneBroke(answers);
    const [winner, ...more] = succeeded(answers);
    expect(more).toEqual([]);
    for (const lost of answers.filter((answer) => answer !== winner))
      expect(lost.body.error).toBe('invalid_grant');
    const sid = JSON.parse(Buffer.from(winner!.body.id_token.split('.')[1], 'base64url').toString()).sid;
    expect(await world.endOf(sid)).toBe('code_reuse');
    expect(await world.events(sid, 'session.ended')).toHaveLength(1);
    expect(await world.events(sid, 'code.reuse_found')).toHaveLength(1);
    expect((await world.refresh(web, winner!.body.refresh_token)).status).toBe(400);
    expect((await world.userinfo(winner!.body.access_token, 1)).status).toBe(401);
  });

  it('with codes of several people, each fifty times, each for its own session', async () => {
    const codes: Awaited<ReturnType<typeof world.code>>[] = [];
    for (let number = 0; number < 3; number += 1)
      codes.push(await world.code(web, { scope: 'openid' }, world.stranger(number)));
    const answers = await atOnce(150, (node, index) => world.redeem(web, codes[index % 3]!, { node }));
    noneBroke(answers);
    for (let number = 0; number < 3; number += 1)
      expect(succeeded(answers.filter((_, index) => index % 3 === number))).toHaveLength(1);
  });

  it('with a pushed authorization request', async () => {
    const { challenge } = pkce();
    const pushed = await world.send(0, 'POST', '/par', {
      client_id: spa.id,
      redirect_uri: world.callback,
      response_type: 'code',
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    expect(pushed.status).toBe(201);
    const query = new URLSearchParams({ client_id: spa.id, request_uri: pushed.body.request_uri });
    const person = world.stranger();
    await world.code(spa, { scope: 'openid' }, person); // signed in and consented
    const cookie = [...person['cookies'].values()]
      .filter(({ path }) => path === '/')
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const answers = await atOnce(50, (node) =>
      world.send(node, 'GET', `/authorize?${query}`, undefined, { cookie, accept: 'text/html' }),
    );
    noneBroke(answers);
    const codes = answers.filter(({ headers }) => /[?&]code=/.test(headers.location ?? ''));
    expect(codes).toHaveLength(1);
  });

  it('with an interaction whose form is answered', async () => {
    const { username, password } = world.data.accounts[0]!;
    const visit = aBrowser();
    const pathOf = ({ headers }: Answer) => new URL(headers.location ?? '', world.issuer).pathname;
    const query = authorizing({ prompt: 'consent' });
    const formAt = async (node: number, page: string) =>
      /name="csrf" value="([^"]+)"/.exec((await visit(node, 'GET', page)).body as string)?.[1] ?? '';
    const first = await visit(0, 'GET', `/authorize?${query}`);
    const page = /action="([^"]+)"/.exec(first.body as string)?.[1] ?? '';
    expect(page).toMatch(/^\/interaction\//);
    const typed = { csrf: await formAt(1, page), username, password };
    const consent = pathOf(await visit(1, 'POST', page, typed));
    expect(consent).toMatch(/^\/interaction\//);
    const allowed = { csrf: await formAt(0, consent), decision: 'allow' };
    const answers = await atOnce(50, (node) => visit(node, 'POST', consent, allowed));
    noneBroke(answers);
    expect(leadOn(answers)).toHaveLength(1);
    // A form that led on cannot be answered once more by a browser that still has it.
    const late = await visit(0, 'POST', page, typed);
    expect(late.status).toBe(403);
  });

  describe('with a passkey', () => {
    let key: SoftwarePasskey;
    beforeAll(async () => {
      const person = world.stranger(2);
      await world.code(web, { scope: 'openid' }, person);
      ({ key } = await addPasskey(person, world.issuer, { current: world.data.accounts[2]!.password }));
      key.counter = 1;
    });
    const kept = async () => {
      const [row] = await world.database.query<{ counter: number }>(
        `SELECT counter::int FROM passkey WHERE id = '\\x${key.id.toString('hex')}'`,
      );
      return row?.counter;
    };
    /** An application's page in a new browser, to which the passkey is shown. */
    const shown = async () => {
      const visit = aBrowser();
      const body = String((await visit(0, 'GET', `/authorize?${authorizing()}`)).body);
      const field = (pattern: RegExp) => pattern.exec(body)?.[1] ?? '';
      const form = { csrf: field(/name="csrf" value="([^"]+)"/), credential: key.show(offeredIn(body)) };
      const page = field(/action="([^"]+)"/);
      return (node: number) => visit(node, 'POST', page, form);
    };

    it('that is shown to the page of an application, and its counter goes on once', async () => {
      const answer = await shown();
      const answers = await atOnce(50, (node) => answer(node));
      noneBroke(answers);
      expect(leadOn(answers)).toHaveLength(1);
      expect(await kept()).toBe(key.counter);
      expect((await answer(1)).status).toBe(403);
    });

    const signedIn = () =>
      world.database.query('SELECT uid FROM browser_session WHERE account_id IS NOT NULL ORDER BY uid');
    /** Shows the passkey, and lets its counter go on between the check of its answer and the commit. */
    const whileItGoesOn = async <T>(show: () => Promise<T>): Promise<T> => {
      const holder = new pg.Client({ connectionString: world.database.url });
      await holder.connect();
      try {
        await holder.query('BEGIN');
        await holder.query('UPDATE passkey SET counter = counter + 1000 WHERE id = $1', [key.id]);
        const answered = show();
        await Promise.race([untilLocked(), answered]);
        await holder.query('COMMIT');
        key.counter = (await kept())!;
        return await answered;
      } finally {
        await holder.end();
      }
    };
    const refusals = () => world.database.query(`SELECT 1 FROM event_count WHERE type = 'signin.failed'`);

    it('whose counter went on while the answer was checked signs nobody in, which is told', async () => {
      const answer = await shown();
      const [before, told] = [await signedIn(), await refusals()];
      const { status, headers, body } = await whileItGoesOn(() => answer(1));
      expect([status, headers.location]).toEqual([400, undefined]);
      expect(String(body)).toContain('has expired');
      expect(await signedIn()).toEqual(before);
      for (let turn = 0; turn < 200 && (await refusals()).length === told.length; turn += 1) await pause(25);
      expect(await refusals()).toHaveLength(told.length + 1);
    });

    it('whose counter went on while the answer was checked lets no device in, at a later request either', async () => {
      const tv = await world.client({
        token_endpoint_auth_method: 'none',
        grant_types: [deviceGrant, 'refresh_token'],
        redirect_uris: [],
      });
      const { body } = await world.send(0, 'POST', '/device/authorization', {
        client_id: tv.id,
        scope: 'openid',
      });
      const person = world.stranger(2);
      const page = await person.follow(body.verification_uri_complete, ({ body }) =>
        body.includes('data-passkey'),
      );
      expect(page.url.pathname).toMatch(/^\/interaction\//);
      const before = await signedIn();
      const late = await whileItGoesOn(() => showPasskey(person, page, key));
      expect(late.body).toContain('has expired');
      const resumed = await person.open(
        `${world.issuer}${page.url.pathname.replace('interaction', 'device')}`,
      );
      expect(resumed.body).toContain('<h1>Sign in</h1>');
      expect(await signedIn()).toEqual(before);
    });
  });

  it('with a device code that was allowed', async () => {
    const tv = await world.client({
      token_endpoint_auth_method: 'none',
      grant_types: [deviceGrant, 'refresh_token'],
      redirect_uris: [],
      resources: [orders],
    });
    const { body } = await world.send(0, 'POST', '/device/authorization', {
      client_id: tv.id,
      scope: 'openid',
    });
    await world.person().follow(body.verification_uri_complete);
    const form = { grant_type: deviceGrant, device_code: body.device_code };
    const answers = await atOnce(50, (node) => world.token(tv, form, node));
    noneBroke(answers);
    expect(succeeded(answers)).toHaveLength(1);
  });

  it('with a DPoP proof, whatever it is shown with', async () => {
    const key = await aKey();
    const sessions: Tokens[] = [];
    for (let n = 0; n < 5; n++)
      sessions.push(await world.signIn(spa, { headers: { dpop: await aProof(key) } }));
    const dpop = await aProof(key);
    const answers = await atOnce(50, (node, index) =>
      world.refresh(spa, sessions[index % 5]!.refresh_token, { node, headers: { dpop } }),
    );
    noneBroke(answers);
    expect(succeeded(answers)).toHaveLength(1);
  });

  it('with a client assertion', async () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...key.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
    const robot = await world.client({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [jwk] } as never,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      resources: [orders],
    });
    const at = Math.floor(now());
    const assertion = await new SignJWT({
      iss: robot.id,
      sub: robot.id,
      aud: world.issuer,
      jti: randomUUID(),
      iat: at,
      exp: at + 60,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(key.privateKey);
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    };
    const answers = await atOnce(50, (node) => world.send(node, 'POST', '/token', form));
    noneBroke(answers);
    expect(succeeded(answers)).toHaveLength(1);
  });
});

describe('a proof dated into the future', () => {
  it('is not accepted again when the time it was dated for has come', async () => {
    const key = await aKey();
    const { refresh_token } = await world.signIn(spa, { headers: { dpop: await aProof(key) } });
    const dpop = await aProof(key, { iat: Math.floor(now()) + 25 });
    const first = await world.refresh(spa, refresh_token, { headers: { dpop } });
    expect(first.status).toBe(200);
    await world.pass(28);
    const replayed = await world.refresh(spa, first.body.refresh_token, { node: 1, headers: { dpop } });
    expect(replayed).toMatchObject({ status: 400, body: { error: expect.stringMatching(/^invalid_/) } });
    await world.pass(285);
    const fresh = { dpop: await aProof(key) };
    expect((await world.refresh(spa, first.body.refresh_token, { headers: { dpop } })).status).toBe(400);
    expect((await world.refresh(spa, first.body.refresh_token, { headers: fresh })).status).toBe(200);
  });
});

describe('a code used a second time, later', () => {
  it('ends what the first use started, with its reason and one event', async () => {
    const code = await world.code(web, { resource: orders, scope: 'openid orders:read' });
    const first = await world.redeem(web, code);
    const next = await world.refreshed(web, first.body.refresh_token);
    expect((await world.redeem(web, code, { node: 1 })).body.error).toBe('invalid_grant');
    expect(await world.endOf(next.sid)).toBe('code_reuse');
    expect((await world.redeem(web, code)).body.error).toBe('invalid_grant');
    expect(await world.events(next.sid, 'session.ended')).toHaveLength(1);
    expect(await world.events(next.sid, 'code.reuse_found')).toMatchObject([
      { data: { presentedBy: web.id } },
    ]);
  });

  it.each([
    ['by another client', async (code: { code: string; verifier: string }) => world.redeem(spa, code)],
    [
      'with another verifier',
      async ({ code }: { code: string }) => world.redeem(web, { code, verifier: pkce().verifier }),
    ],
  ])('%s changes nothing', async (_, redeem) => {
    const code = await world.code(web, { scope: 'openid' });
    expect((await redeem(code)).body.error).toBe('invalid_grant');
    const { status, body } = await world.redeem(web, code);
    expect(status).toBe(200);
    expect((await redeem(code)).body.error).toBe('invalid_grant');
    expect((await world.refresh(web, body.refresh_token)).status).toBe(200);
  });
});

describe('a refresh token bound to a key (DPoP)', () => {
  it('works with that key only; another one or none changes nothing, and is recorded', async () => {
    const key = await aKey();
    const tokens = await world.signIn(spa, { headers: { dpop: await aProof(key) } });
    const before = await world.row(tokens.sid);
    expect(before.key_thumbprint).toMatch(/^[\w-]{43}$/);
    const wrong = await world.refresh(spa, tokens.refresh_token, {
      headers: { dpop: await aProof(await aKey()) },
    });
    const none = await world.refresh(spa, tokens.refresh_token, { node: 1 });
    expect([wrong.status, none.status]).toEqual([400, 400]);
    expect(await world.row(tokens.sid)).toEqual(before);
    expect(await world.events(tokens.sid, 'session.refresh_refused')).toHaveLength(2);
    const right = await world.refresh(spa, tokens.refresh_token, { headers: { dpop: await aProof(key) } });
    expect(right).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
  });

  it('superseded, and shown with another key, ends nothing: only its holder can make it known as stolen', async () => {
    const key = await aKey();
    const tokens = await world.signIn(spa, { headers: { dpop: await aProof(key) } });
    const second = await world.refresh(spa, tokens.refresh_token, { headers: { dpop: await aProof(key) } });
    const third = await world.refresh(spa, second.body.refresh_token, {
      headers: { dpop: await aProof(key) },
    });
    expect(
      (await world.refresh(spa, tokens.refresh_token, { headers: { dpop: await aProof(await aKey()) } }))
        .status,
    ).toBe(400);
    expect(await world.endOf(tokens.sid)).toBeNull();
    expect(
      (await world.refresh(spa, tokens.refresh_token, { headers: { dpop: await aProof(key) } })).status,
    ).toBe(400);
    expect(await world.endOf(tokens.sid)).toBe('refresh_token_reuse');
    expect(
      (await world.refresh(spa, third.body.refresh_token, { headers: { dpop: await aProof(key) } })).status,
    ).toBe(400);
  });

  it('has one successor among fifty uses at once, each with a proof of its own', async () => {
    const key = await aKey();
    const tokens = await world.signIn(spa, { headers: { dpop: await aProof(key) } });
    const proofs = await Promise.all(Array.from({ length: 50 }, () => aProof(key)));
    const answers = await atOnce(50, (node, index) =>
      world.refresh(spa, tokens.refresh_token, { node, headers: { dpop: proofs[index]! } }),
    );
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.refresh_token}`)).size).toBe(1);
    expect(answers[0]!.status).toBe(200);
  });
});

describe('a client that proves a key at every use may do without rotation', () => {
  it('keeps its refresh token, which answers every time', async () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...key.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
    const fapi = await world.client(
      { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } as never },
      { rotation: 'never' },
    );
    const asserted = async () => {
      const at = Math.floor(now());
      return {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await new SignJWT({
          iss: fapi.id,
          sub: fapi.id,
          aud: world.issuer,
          jti: randomUUID(),
          iat: at,
          exp: at + 60,
        })
          .setProtectedHeader({ alg: 'ES256', kid: 'one' })
          .sign(key.privateKey),
      };
    };
    const { code, verifier } = await world.code(fapi, { scope: 'openid' });
    const form = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: world.callback,
    };
    const { body } = await world.send(0, 'POST', '/token', { ...form, ...(await asserted()) });
    for (const node of [0, 1, 0]) {
      const refresh = {
        grant_type: 'refresh_token',
        refresh_token: body.refresh_token,
        ...(await asserted()),
      };
      const answer = await world.send(node, 'POST', '/token', refresh);
      expect([answer.status, answer.body.refresh_token]).toEqual([200, body.refresh_token]);
      await world.pass(100);
    }
  });
});
