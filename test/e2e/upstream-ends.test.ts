import { randomUUID } from 'node:crypto';
import { advanceVirtualClock } from '@curfew/persistence';
import { instant, seconds } from '@curfew/session-policy';
import { profiles } from '@curfew/session-policy/settings';
import { BrowserSessionSweeper, PolicySource } from '@curfew/sessions';
import { enrol, sendForm } from '../support/authenticator.js';
import type { IdentityProvider } from '../support/identity-provider.js';
import { type Page, type Person } from '../support/person.js';
import { sessionStores } from '../support/session-stores.js';
import { type AdminWorld, orders } from './admin-world.js';
import { pkce } from './protocol-world.js';
import { type Elsewhere, newcomer, UpstreamWorld, until } from './upstream-world.js';

/** The end of a session at another identity provider, as it reaches what came of it here. */
let upstream: UpstreamWorld;
let world: AdminWorld;
let elsewhere: IdentityProvider;
let other: IdentityProvider;

beforeAll(async () => {
  const settings = { CURFEW_VIRTUAL_CLOCK: 'true', CURFEW_SWEEP_INTERVAL: '1h' };
  const gold = { acr: 'gold', methods: ['pwd', 'otp', 'mfa'] };
  upstream = await UpstreamWorld.start(settings, { creates_accounts: true, acr_methods: [gold] });
  ({ world, elsewhere, other } = upstream);
}, 120_000);

afterAll(() => upstream?.stop());

const somebody = () => upstream.somebody();
const go = (person: Person, address?: string) => upstream.go(person, address);
const signIn = (person: Person, who?: Elsewhere) => upstream.signIn(person, who);
const isSignedIn = (person: Person) => upstream.isSignedIn(person);
const epoch = () => Math.floor(Date.now() / 1000);

/** A request of the sample application, and the way to its tokens. */
function application(more: Readonly<Record<string, string>> = {}) {
  const { client_id, client_secret, redirect_uris } = world.data.clients.web;
  const { verifier, challenge } = pkce();
  const redirect_uri = redirect_uris[0]!;
  const parameters = new URLSearchParams({
    ...{ client_id, redirect_uri, response_type: 'code', scope: 'openid', resource: orders },
    ...{ code_challenge: challenge, code_challenge_method: 'S256', ...more },
  });
  const authorization = `Basic ${btoa(`${client_id}:${client_secret}`)}`;
  const ask = (form: Readonly<Record<string, string>>) => world.form('/token', form, { authorization });
  return {
    address: `${world.server.issuer}/authorize?${parameters}`,
    redeem: ({ url }: Page) =>
      ask({
        grant_type: 'authorization_code',
        ...{ code: url.searchParams.get('code') ?? '', code_verifier: verifier, redirect_uri },
      }),
    refresh: (refresh_token: string) => ask({ grant_type: 'refresh_token', refresh_token }),
  };
}

const claimsOf = (token: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from((token ?? '').split('.')[1] ?? '', 'base64url').toString());

/** A sign-in to the application by way of the provider. */
async function throughApplication(person: Person, who: Elsewhere, more = {}) {
  const app = application(more);
  const there = await go(person, app.address);
  const back = await person.goOn(await person.open(elsewhere.respond(there.url, who.subject, who.deviation)));
  const tokens = await app.redeem(back);
  if (!tokens['id_token']) throw new Error(JSON.stringify(tokens));
  return { app, tokens };
}

const approved = (person: Person, who?: Elsewhere) => upstream.approved(person, who);

const send = (token: string, id = 'elsewhere', type = 'application/x-www-form-urlencoded') =>
  fetch(`${upstream.signInPage}/upstream/${id}/logout`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: new URLSearchParams({ logout_token: token }).toString(),
  });

const reasons = async (sid: unknown): Promise<(string | null)[]> => {
  const rows = await world.database.query<{ reason: string | null }>(
    `SELECT end_reason AS reason FROM session WHERE id = '${String(sid)}'
     UNION ALL SELECT b.end_reason FROM browser_session b, session s WHERE s.id = '${String(sid)}' AND b.uid = s.browser_session_uid`,
  );
  return rows.map(({ reason }) => reason);
};

/** The policy that everything here is under. */
class StandardPolicy extends PolicySource {
  override effectivePolicy() {
    return profiles.standard.policy;
  }
}

describe('a sign-in elsewhere that an application asks for', () => {
  it('is asked for what the application asks for: the class in the words of the provider, and a proof of that age', async () => {
    const wanted = await go(
      somebody(),
      application({ acr_values: 'urn:curfew:acr:mfa', max_age: '60' }).address,
    );
    expect(Object.fromEntries(wanted.url.searchParams)).toMatchObject({ acr_values: 'gold', max_age: '0' });
    const plain = await go(somebody(), application().address);
    expect(plain.url.searchParams.has('acr_values')).toBe(false);
  });
});

describe('a logout token of the provider', () => {
  it('ends the browser and all that came of the session there, offline sessions too, and nothing else', async () => {
    const who = newcomer();
    const [here, elsewhereHere] = [somebody(), somebody()];
    const { tokens, app } = await throughApplication(here, who, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    const again = { ...who, deviation: { claims: { sid: randomUUID() } } };
    const another = await throughApplication(elsewhereHere, again);
    const { sid } = who.deviation.claims as { sid: string };
    const answer = await send(await elsewhere.logoutToken({ sid, sub: who.subject }));
    expect([answer.status, answer.headers.get('cache-control'), await answer.text()]).toEqual([
      200,
      'no-store',
      '',
    ]);
    expect(await reasons(claimsOf(tokens['id_token'])['sid'])).toEqual([
      'ended_by_identity_provider',
      'ended_by_identity_provider',
    ]);
    expect(await app.refresh(tokens['refresh_token']!)).toMatchObject({ error: 'invalid_grant' });
    expect([await isSignedIn(here), await isSignedIn(elsewhereHere)]).toEqual([false, true]);
    expect(await reasons(claimsOf(another.tokens['id_token'])['sid'])).toEqual([null, null]);
    // The same session is over for whoever comes with it later, too.
    expect(await isSignedInAfter(who)).toBe(false);
    expect(await isSignedInAfter(again)).toBe(true);
  });

  const isSignedInAfter = async (who: Elsewhere): Promise<boolean> => {
    const person = somebody();
    await signIn(person, who);
    return isSignedIn(person);
  };

  it('ends offline sessions that outlived the sign-out of their browser here', async () => {
    const who = newcomer();
    const { sid } = who.deviation.claims as { sid: string };
    const [person, other] = [somebody(), somebody()];
    const asked = { scope: 'openid offline_access', prompt: 'consent' };
    const { tokens, app } = await throughApplication(person, who, asked);
    const beside = await throughApplication(other, newcomer(), asked);
    for (const one of [person, other]) await one.follow(`${world.server.issuer}/logout`);
    const kept = await app.refresh(tokens['refresh_token']!);
    expect(kept).toHaveProperty('access_token');
    expect((await send(await elsewhere.logoutToken({ sid, sub: who.subject }))).status).toBe(200);
    expect(await app.refresh(kept['refresh_token']!)).toMatchObject({ error: 'invalid_grant' });
    expect((await reasons(claimsOf(tokens['id_token'])['sid']))[0]).toBe('ended_by_identity_provider');
    expect(await beside.app.refresh(beside.tokens['refresh_token']!)).toHaveProperty('access_token');
  });

  it('ends offline sessions however long ago their browser was signed out here, and its row goes with the last of them', async () => {
    const who = newcomer();
    const { sid } = who.deviation.claims as { sid: string };
    const [person, other, third] = [somebody(), somebody(), somebody()];
    const offline = { scope: 'openid offline_access', prompt: 'consent' };
    const { tokens, app } = await throughApplication(person, who, offline);
    const beside = await throughApplication(other, newcomer());
    const moved = await throughApplication(third, newcomer(), offline);
    for (const one of [person, other, third]) await one.follow(`${world.server.issuer}/logout`);
    const sessions = [tokens, beside.tokens, moved.tokens].map(({ id_token }) =>
      String(claimsOf(id_token)['sid']),
    );
    // A browser does not lead to a session of another account.
    await world.database.query(
      'UPDATE session SET account_id = (SELECT account_id FROM session WHERE id = $1::uuid) WHERE id = $2::uuid',
      [sessions[1], sessions[2]],
    );
    /** The rows of the browsers, once their retention is over and the sweeper has looked. */
    const rowsAfterRetention = async () => {
      const ofThese = 's.browser_session_uid = b.uid AND s.id = ANY($1::uuid[])';
      await world.database.query(
        `UPDATE browser_session b SET expires_at = now() - interval '1 year' FROM session s WHERE ${ofThese} AND b.ended_at IS NOT NULL`,
        [sessions],
      );
      const prisma = world.database.prisma();
      const { ends } = sessionStores(prisma, { retention: { ended: seconds(3_600) } });
      await new BrowserSessionSweeper(prisma, new StandardPolicy(), ends).run(instant(Date.now()));
      return world.database.query<{ keeps: string; tells: boolean }>(
        `SELECT s.id::text AS keeps, b.baseline IS NOT NULL AS tells FROM browser_session b, session s WHERE ${ofThese}`,
        [sessions],
      );
    };
    expect(await rowsAfterRetention()).toEqual([{ keeps: sessions[0], tells: false }]);
    const kept = await app.refresh(tokens['refresh_token']!);
    expect(kept).toHaveProperty('access_token');
    expect((await send(await elsewhere.logoutToken({ sid }))).status).toBe(200);
    expect(await app.refresh(kept['refresh_token']!)).toMatchObject({ error: 'invalid_grant' });
    expect((await reasons(sessions[0]))[0]).toBe('ended_by_identity_provider');
    expect(await rowsAfterRetention()).toEqual([]);
  }, 60_000);

  it('ends devices that were approved in the browser, and codes of theirs, whatever became of the browser', async () => {
    const who = newcomer();
    const { sid } = who.deviation.claims as { sid: string };
    const [person, other] = [somebody(), somebody()];
    const onTheWay = await (await approved(person, who))();
    const afterwards = await (await approved(person))();
    const unredeemed = await approved(person);
    const another = { ...who, deviation: { claims: { sid: randomUUID() } } };
    const beside = await (await approved(other, another))();
    // A sign-out here leaves devices as they are.
    await person.follow(`${world.server.issuer}/logout`);
    expect(await isSignedIn(person)).toBe(false);
    const kept = await world.refresh(afterwards['refresh_token']!);
    expect(kept).toHaveProperty('access_token');
    expect((await send(await elsewhere.logoutToken({ sid, sub: who.subject }))).status).toBe(200);
    for (const { refresh_token } of [onTheWay, kept])
      expect(await world.refresh(refresh_token!)).toMatchObject({ error: 'invalid_grant' });
    for (const { id_token } of [onTheWay, afterwards])
      expect(await reasons(claimsOf(id_token)['sid'])).toEqual(['ended_by_identity_provider']);
    expect(await unredeemed()).toMatchObject({ error: 'invalid_grant' });
    expect(await world.refresh(beside['refresh_token']!)).toHaveProperty('access_token');
    // The person alone is named: all their devices, also after their link was removed.
    await world.database.query(`DELETE FROM linked_identity WHERE subject = '${who.subject}'`);
    expect((await send(await elsewhere.logoutToken({ sub: who.subject }))).status).toBe(200);
    expect(await reasons(claimsOf(beside['id_token'])['sid'])).toEqual(['ended_by_identity_provider']);
  });

  it('finds a device that is approved or redeems its code at the same moment, or stops it', async () => {
    for (let round = 0; round < 12; round += 1) {
      const who = newcomer();
      const { sid } = who.deviation.claims as { sid: string };
      const person = somebody();
      await signIn(person, who);
      const token = await elsewhere.logoutToken({ sid, sub: who.subject });
      const redeem = round % 2 === 0 ? await approved(person) : undefined;
      const late = new Promise((resolve) => setTimeout(resolve, round * 6));
      const redeemed = async () => (redeem ?? (await approved(person)))();
      const [tokens] = await Promise.all([redeemed(), late.then(() => send(token))]);
      const refresh = tokens['refresh_token'];
      const alive = refresh !== undefined && 'access_token' in (await world.refresh(refresh));
      expect([round, alive]).toEqual([round, false]);
    }
  }, 60_000);

  it('that names the person alone ends everything of their account', async () => {
    const who = newcomer();
    const [one, two] = [somebody(), somebody()];
    await signIn(one, who);
    await signIn(two, { ...who, deviation: { claims: { sid: randomUUID() } } });
    expect((await send(await elsewhere.logoutToken({ sub: who.subject }))).status).toBe(200);
    expect([await isSignedIn(one), await isSignedIn(two)]).toEqual([false, false]);
    expect(await isSignedInAfter({ ...who, deviation: { claims: { sid: randomUUID() } } })).toBe(true);
  });

  it('that names the person alone finds what came of them before their link was removed or moved', async () => {
    const who = newcomer();
    const [one, two, stranger] = [somebody(), somebody(), somebody()];
    const { tokens, app } = await throughApplication(one, who, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    await signIn(stranger);
    const took = (set: string) =>
      world.database.query(`${set} WHERE subject = '${who.subject}' AND issuer = '${elsewhere.issuer}'`);
    await took('DELETE FROM linked_identity');
    expect((await send(await elsewhere.logoutToken({ sub: who.subject }))).status).toBe(200);
    expect(await isSignedIn(one)).toBe(false);
    expect(await app.refresh(tokens['refresh_token']!)).toMatchObject({ error: 'invalid_grant' });
    const named = { ...who, deviation: newcomer().deviation };
    await signIn(two, named);
    const { username } = world.data.accounts[2]!;
    await took(
      `UPDATE linked_identity SET account_id = (SELECT id FROM account WHERE username = '${username}')`,
    );
    const third = somebody();
    await signIn(third, { ...who, deviation: { claims: { sid: randomUUID() } } });
    expect([await isSignedIn(two), await isSignedIn(third)]).toEqual([true, true]);
    expect((await send(await elsewhere.logoutToken({ sub: who.subject }))).status).toBe(200);
    expect([await isSignedIn(two), await isSignedIn(third)]).toEqual([false, false]);
    expect(await isSignedIn(stranger)).toBe(true);
  });

  it('finds each of the names that a browser has, of which a sign-in drops none for one that it has already', async () => {
    const person = somebody();
    const who = newcomer();
    await throughApplication(person, who);
    const names = async () => {
      const rows = await world.database.query<{ uid: string; upstream: string[] }>(
        `SELECT uid, upstream FROM browser_session WHERE upstream IS NOT NULL ORDER BY signed_in_at DESC LIMIT 1`,
      );
      return rows[0]!;
    };
    const { uid, upstream: own } = await names();
    const others = Array.from({ length: 16 - own.length }, (_, at) => `other ${at}`);
    await world.database.query(
      `UPDATE browser_session SET upstream = '{${[...own, ...others].map((name) => `"${name}"`).join()}}' WHERE uid = '${uid}'`,
    );
    const again = await throughApplication(person, who, { prompt: 'login' });
    expect(await names()).toEqual({ uid, upstream: [...others, ...own] });
    // One more takes the place of the oldest.
    const next = { ...who, deviation: { claims: { sid: randomUUID() } } };
    await throughApplication(person, next, { prompt: 'login' });
    const { upstream: kept } = await names();
    expect(kept).toHaveLength(16);
    expect(kept.slice(0, others.length - 1)).toEqual(others.slice(1));
    const { sid } = who.deviation.claims as { sid: string };
    await send(await elsewhere.logoutToken({ sid }));
    expect((await reasons(claimsOf(again.tokens['id_token'])['sid']))[0]).toBe('ended_by_identity_provider');
    expect(await isSignedIn(person)).toBe(false);
  });

  it('with an empty name of a session is about the person, as one without', async () => {
    const who = newcomer();
    const person = somebody();
    await signIn(person, who);
    expect((await send(await elsewhere.logoutToken({ sid: '', sub: who.subject }))).status).toBe(200);
    expect(await isSignedIn(person)).toBe(false);
  });

  it('that is signed with a new key is taken, and is not said to be wrong while keys cannot be read', async () => {
    const prisma = world.database.prisma({});
    const answer = async () => {
      const { status, headers } = await send(await other.logoutToken({ sid: randomUUID() }), 'other');
      return `${status} ${headers.get('retry-after')}`;
    };
    const [taken, wrong, away] = ['200 null', '400 null', '503 10'];
    // The process hears of the moved clock a moment later.
    const later = async (wanted: string) => {
      await advanceVirtualClock(prisma, 10_000);
      await until(async () => (await answer()) === wanted);
    };
    expect(await answer()).toBe(taken);
    await other.rotate();
    expect(await answer()).toBe(wrong);
    await later(taken);
    await other.rotate();
    other.hidesKeys = true;
    await later(away);
    other.hidesKeys = false;
    await later(taken);
  });

  it('ends what came of a provider that named no session, by its person', async () => {
    const who = newcomer({ sid: undefined });
    const person = somebody();
    await signIn(person, who);
    await send(await elsewhere.logoutToken({ sid: randomUUID(), sub: who.subject }));
    expect(await isSignedIn(person)).toBe(false);
    expect(await isSignedInAfter(who)).toBe(true);
  });

  it('is taken where it ends nothing, and is taken once, of fifty at once as well', async () => {
    const token = await elsewhere.logoutToken({ sid: randomUUID() });
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(49).fill(400)]);
    const again = await send(token);
    expect([again.status, again.headers.get('cache-control'), await again.json()]).toEqual([
      400,
      'no-store',
      { error: 'invalid_request', error_description: 'the logout token was used before' },
    ]);
  });

  it('that is wrong in anything ends nothing', async () => {
    const who = newcomer();
    const person = somebody();
    await signIn(person, who);
    const { sid } = who.deviation.claims as { sid: string };
    const named = { sid, sub: who.subject };
    const wrong: readonly [string, Promise<string> | string][] = [
      ['forged', elsewhere.logoutToken(named, { isForged: true })],
      ['of another provider', other.logoutToken({ ...named, aud: elsewhere.clientId })],
      ['signed by another provider', other.logoutToken({ ...named, iss: elsewhere.issuer })],
      ['for another client', elsewhere.logoutToken({ ...named, aud: 'another' })],
      ['of another type', elsewhere.logoutToken(named, { typ: 'at+jwt' })],
      ['with a nonce', elsewhere.logoutToken({ ...named, nonce: 'n' })],
      ['without its event', elsewhere.logoutToken({ ...named, events: {} })],
      ['with no events', elsewhere.logoutToken({ ...named, events: undefined })],
      ['without an id', elsewhere.logoutToken({ ...named, jti: undefined })],
      ['old', elsewhere.logoutToken({ ...named, iat: epoch() - 400 })],
      ['of later', elsewhere.logoutToken({ ...named, iat: epoch() + 400 })],
      ['over', elsewhere.logoutToken({ ...named, exp: epoch() - 120 })],
      ['without an end', elsewhere.logoutToken({ ...named, exp: undefined })],
      ['about nobody', elsewhere.logoutToken({})],
      ['about a number', elsewhere.logoutToken({ sid: 7 })],
      ['about an empty name', elsewhere.logoutToken({ sid: '', sub: '' })],
      ['about a subject with NUL', elsewhere.logoutToken({ sub: `${who.subject}\0` })],
      ['about a session with NUL', elsewhere.logoutToken({ ...named, sid: '\0' })],
      ['with NUL in its id', elsewhere.logoutToken({ ...named, jti: '\0' })],
      ['unsigned', unsigned(await elsewhere.logoutToken(named))],
      ['no token', 'nonsense'],
      ['nothing', ''],
    ];
    for (const [name, token] of wrong) {
      const answer = await send(await token);
      expect([name, answer.status, answer.headers.get('cache-control')]).toEqual([name, 400, 'no-store']);
      expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
    }
    const right = await elsewhere.logoutToken(named);
    expect((await send(right, 'other')).status).toBe(400);
    expect((await send(right, 'nobody')).status).toBe(400);
    // No id of a provider, and nothing to ask the database for or to write into the log (PostgreSQL stores no NUL).
    for (const id of ['%00', '%00'.repeat(9), 'elsewhere%00', 'x'.repeat(2_000), 'Elsewhere', '%F0%9F%94%91'])
      expect([id, (await send(right, id)).status]).toEqual([id, 400]);
    const told = world.server
      .output()
      .split('\n')
      .filter((line) => line.includes('"upstream_logout"'));
    expect(told.filter((line) => /"provider":"(?!elsewhere"|other"|nobody")/.test(line))).toEqual([]);
    expect((await send(right, 'elsewhere', 'application/json')).status).toBe(400);
    expect((await send(`${right}${'x'.repeat(200_000)}`)).status).toBe(400);
    expect(await isSignedIn(person)).toBe(true);
    expect((await send(right)).status).toBe(200);
    expect(await isSignedIn(person)).toBe(false);
    expect(world.server.output()).not.toContain(right);
  });

  const unsigned = (token: string): string => {
    const [, payload] = token.split('.');
    return `${Buffer.from('{"alg":"none","typ":"logout+jwt"}').toString('base64url')}.${payload}.`;
  };

  it('stops somebody who is on the way from there, at a second step', async () => {
    const { username, password } = world.data.accounts[1]!;
    const { codes } = await enrol(world.person(1), password, world.server.issuer, Date.now);
    const subject = randomUUID();
    await world.database.query(
      `INSERT INTO linked_identity (issuer, subject, account_id, created_at)
       SELECT '${elsewhere.issuer}', '${subject}', id, now() FROM account WHERE username = '${username}'`,
    );
    const attempt = async (
      code: string,
      meanwhile: (sid: string) => Promise<unknown>,
      sid = randomUUID() as string,
      claims: object = { sid },
    ) => {
      const person = somebody();
      const asked = await signIn(person, { subject, deviation: { claims: { ...claims } } });
      expect(asked.body).toContain('name="code"');
      await meanwhile(sid);
      await sendForm(person, asked, { code });
      return isSignedIn(person);
    };
    expect(await attempt(codes[0]!, async () => {})).toBe(true);
    const end = async (sid: string) => send(await elsewhere.logoutToken({ sid }));
    expect(await attempt(codes[1]!, end)).toBe(false);
    // A provider that tells no session in its ID tokens names the person beside it, again and again.
    const endOfOne = async (sid: string) => send(await elsewhere.logoutToken({ sid, sub: subject }));
    const unnamed = (code: string, meanwhile: (sid: string) => Promise<unknown>) =>
      attempt(code, meanwhile, randomUUID(), {});
    expect(await unnamed(codes[3]!, endOfOne)).toBe(false);
    expect(await unnamed(codes[4]!, async () => {})).toBe(true);
    expect(await unnamed(codes[5]!, endOfOne)).toBe(false);
    expect(await unnamed(codes[6]!, async () => {})).toBe(true);
    // What names its session is about that one alone.
    expect(await attempt(codes[7]!, () => endOfOne(randomUUID()))).toBe(true);
    // The second step has not lost the session that it goes on from.
    const [person, sid] = [somebody(), randomUUID()];
    const asked = await signIn(person, { subject, deviation: { claims: { sid } } });
    await sendForm(person, asked, { code: codes[2]! });
    expect(await isSignedIn(person)).toBe(true);
    await end(sid);
    expect(await isSignedIn(person)).toBe(false);
  });

  it('finds what is signed in at the same moment, or stops it', async () => {
    for (let round = 0; round < 12; round += 1) {
      const who = newcomer();
      const { sid } = who.deviation.claims as { sid: string };
      const person = somebody();
      const there = await go(person);
      const token = await elsewhere.logoutToken({ sid, sub: who.subject });
      const back = elsewhere.respond(there.url, who.subject, who.deviation);
      const late = new Promise((resolve) => setTimeout(resolve, round * 8));
      await Promise.all([person.open(back), late.then(() => send(token))]);
      expect([round, await isSignedIn(person)]).toEqual([round, false]);
    }
  });
});

describe('the end of the session there (session_expiry)', () => {
  it.each([
    ['that has passed', () => epoch() - 1],
    ['that is no number', () => String(epoch() + 600)],
    ['beyond every date', () => 1e15],
    ['that is nothing', () => null],
  ])('%s signs nobody in', async (_, session_expiry) => {
    const person = somebody();
    const told = await signIn(person, newcomer({ session_expiry: session_expiry() }));
    expect(told.body).toContain('The sign-in there did not succeed.');
    expect(await isSignedIn(person)).toBe(false);
  });

  it('that is later than the policy’s changes nothing', async () => {
    const { tokens } = await throughApplication(somebody(), newcomer({ session_expiry: epoch() + 1e8 }));
    const { session_expiry, auth_time } = claimsOf(tokens['id_token']);
    expect(session_expiry).toBe((auth_time as number) + 12 * 3_600);
  });

  it('bounds the browser and every session that comes of it, and no activity moves it', async () => {
    const person = somebody();
    const expiry = epoch() + 1_200;
    const { app, tokens } = await throughApplication(person, newcomer({ session_expiry: expiry }));
    const told = [claimsOf(tokens['id_token'])['session_expiry']];
    // Silently, for good, and on a device that is approved in this browser.
    const silent = application({ prompt: 'none' });
    const second = await silent.redeem(await person.open(silent.address));
    told.push(claimsOf(second['id_token'])['session_expiry']);
    const lasting = application({ prompt: 'consent', scope: 'openid offline_access' });
    const third = await lasting.redeem(await person.follow(lasting.address));
    told.push(claimsOf(third['id_token'])['session_expiry']);
    const { client_id } = world.data.clients.device;
    const asked = { client_id, resource: orders, scope: 'openid offline_access' };
    const device = await world.signInRaw(person, asked);
    told.push(claimsOf(device['id_token'])['session_expiry']);
    expect(told).toEqual([expiry, expiry, expiry, expiry]);
    const prisma = world.database.prisma({});
    await advanceVirtualClock(prisma, 600_000);
    const refreshed = await app.refresh(tokens['refresh_token']!);
    expect(claimsOf(refreshed['id_token'])['session_expiry']).toBe(expiry);
    expect(await isSignedIn(person)).toBe(true);
    await advanceVirtualClock(prisma, 605_000);
    await until(async () => !(await isSignedIn(person)));
    for (const token of [refreshed['refresh_token'], third['refresh_token']])
      expect(await app.refresh(token!)).toMatchObject({ error: 'invalid_grant' });
    expect(await world.refresh(device['refresh_token']!)).toMatchObject({ error: 'invalid_grant' });
    expect((await reasons(claimsOf(tokens['id_token'])['sid']))[0]).toBe('absolute_lifetime');
  });
});
