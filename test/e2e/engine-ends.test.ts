import {
  AccountService,
  defaultSignInLimits,
  PasswordHasher,
  SignInThrottle,
  Throttle,
} from '@curfew/accounts';
import { ClientService } from '@curfew/clients';
import type { EndReason } from '@curfew/session-policy';
import type { MassEnd } from '@curfew/sessions/store';
import { decodeJwt } from 'jose';
import { failExactlyAt, holdTable } from '../support/faults.js';
import { atOnce, type EngineClient, EngineWorld, ledger, orders, type Tokens } from './engine-world.js';
import { authorizationRequest, pkce } from './protocol-world.js';

let world: EngineWorld;
let web: EngineClient;
let api: EngineClient;
beforeAll(async () => {
  world = await EngineWorld.start({ settings: { CURFEW_SWEEP_INTERVAL: '1s' } });
  web = await world.client();
  api = await world.client({ grant_types: [], redirect_uris: [], resources: [], resource: orders });
}, 90_000);
afterEach(() => world.check());
afterAll(() => world?.stop());

const ended = (kind: MassEnd['kind'], target: string, reason: EndReason): MassEnd => ({
  kind,
  target,
  reason,
  at: world.clock.now(),
  detail: {},
});

/** Nothing of the session works any more, on any node. */
const expectDead = async (tokens: Tokens, client = web) => {
  for (const node of [0, 1]) {
    expect(await world.isActive(api, tokens.access_token, node)).toBe(false);
    expect((await world.userinfo(tokens.access_token, node)).status).toBe(401);
    expect(await world.refresh(client, tokens.refresh_token, { node })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  }
};
const expectEnded = async ({ sid }: Tokens, reason: EndReason) => {
  expect(await world.endOf(sid)).toBe(reason);
  expect((await world.events(sid, 'session.ended')).map(({ data }) => data.reason)).toEqual([reason]);
};
const expectAlive = async (tokens: Tokens, client = web) => {
  expect(await world.isActive(api, tokens.access_token, 1)).toBe(true);
  return world.refreshed(client, tokens.refresh_token);
};

describe('revocation by the client', () => {
  it.each(['current', 'superseded'])(
    'of the %s refresh token ends the session at once, everywhere',
    async (which) => {
      const first = await world.signIn(web);
      const second = await world.refreshed(web, first.refresh_token);
      const token = which === 'current' ? second.refresh_token : first.refresh_token;
      expect((await world.revoke(web, token, 1)).status).toBe(200);
      await expectDead(second);
      await expectEnded(second, 'revoked_by_client');
      expect((await world.revoke(web, token)).status).toBe(200);
    },
  );

  it('of an access token ends that token alone', async () => {
    const first = await world.signIn(web);
    expect((await world.revoke(web, first.access_token)).status).toBe(200);
    expect(await world.isActive(api, first.access_token, 1)).toBe(false);
    expect(await world.events(first.sid, 'token.revoked')).toHaveLength(1);
    await expectAlive(await world.refreshed(web, first.refresh_token));
  });

  it('wins against a rotation under way, whichever commits last', async () => {
    const tokens = await world.signIn(web);
    const barrier = await failExactlyAt(
      world.database,
      { table: 'session', operation: 'UPDATE', timing: 'after', when: `NEW.id = '${tokens.sid}'`, times: 1 },
      { kind: 'barrier' },
    );
    const rotating = world.refresh(web, tokens.refresh_token);
    await barrier.arrived(1);
    const revoking = world.revoke(web, tokens.refresh_token, 1);
    await barrier.open();
    const [rotated, revoked] = await Promise.all([rotating, revoking]);
    await barrier.remove();
    expect([rotated.status, revoked.status]).toEqual([200, 200]);
    await expectDead({ ...tokens, ...rotated.body });
    await expectEnded(tokens, 'revoked_by_client');
  });

  it('and fifty rotations at once leave nothing alive', async () => {
    const tokens = await world.signIn(web);
    const answers = await atOnce(51, (node, index) =>
      index === 25
        ? world.revoke(web, tokens.refresh_token, node)
        : world.refresh(web, tokens.refresh_token, { node }),
    );
    for (const { status } of answers) expect([200, 400]).toContain(status);
    for (const { body } of answers) if (body?.refresh_token) await expectDead({ ...tokens, ...body });
    await expectEnded(tokens, 'revoked_by_client');
  });
});

describe('a sign-in', () => {
  const told = async () =>
    world.database.query<{ type: string; at: Date; data: Record<string, unknown> }>(
      `SELECT type, at, data FROM any_event WHERE account_id = $1 AND type LIKE 'signin.%' ORDER BY xid, id`,
      [await world.accountId(1)],
    );

  it('is told of when it is made, and when it ends with so many sessions', async () => {
    const person = world.stranger(1);
    const before = (await told()).length;
    await world.signIn(web, { person });
    await world.signIn(web, { person });
    await person.follow(`${world.issuer}/logout`);
    expect((await told()).slice(before)).toMatchObject([
      {
        type: 'signin.succeeded',
        data: { acr: 'urn:curfew:acr:sfa', amr: ['pwd'], signals: { ip: '127.0.0.1' } },
      },
      { type: 'signin.ended', data: { reason: 'logout', sessionsEnded: 2 } },
    ]);
  });

  it('is no second one when the person says yes to something later', async () => {
    const person = world.stranger(1);
    const before = (await told()).length;
    const { verifier, challenge } = pkce();
    const asked = { scope: 'openid', prompt: 'consent', max_age: '3600' };
    const code = { code_challenge: challenge, code_challenge_method: 'S256' };
    const parameters = authorizationRequest(web as never, world.callback, { ...code, ...asked });
    const isConsent = ({ body }: { body: string }) => /<button[^>]*>\s*Allow/.test(body);
    const page = await person.follow(`${world.issuer}/authorize?${parameters}`, isConsent);
    await world.pass(30);
    const { url } = await person.follow(page.url.href);
    const { body } = await world.redeem(web, { code: url.searchParams.get('code')!, verifier });
    const [signedIn, ...more] = (await told()).slice(before);
    expect([signedIn!.type, more]).toEqual(['signin.succeeded', []]);
    const { auth_time: provedAt, iat } = decodeJwt(body.id_token);
    expect(provedAt).toBeLessThanOrEqual(Math.floor(signedIn!.at.getTime() / 1000));
    expect(iat! - Number(provedAt)).toBeGreaterThanOrEqual(30);
  });

  it('is not completed with a password that was typed before everything of the account was ended', async () => {
    // Nobody can be asked about consent: the password was right, and nothing has been written on the strength of it.
    const held = await holdTable(world.database.url, 'consent');
    const before = (await told()).length;
    const person = world.stranger(1);
    const code = world.code(web, { scope: 'openid' }, person).catch((error: Error) => error.message);
    await held.arrived();
    await world.engine().endAll(ended('account', await world.accountId(1), 'ended_by_administrator'));
    await held.release();
    expect(await code).toMatch(/^the sign-in ended at .* with 400/);
    const since = (await told()).slice(before);
    expect(since.filter(({ type }) => type === 'signin.succeeded')).toEqual([]);
    await world.pass(1);
    await expectAlive(await world.signIn(web, { person }));
  });

  const set = async (what: string) =>
    world.database.query(`UPDATE account SET ${what} WHERE id = $1`, [await world.accountId(1)]);
  const passwordHash = async () => {
    const [found] = await world.database.query<{ password_hash: string }>(
      'SELECT password_hash FROM account WHERE id = $1',
      [await world.accountId(1)],
    );
    return found!.password_hash;
  };
  const another = '$argon2id$v=19$m=64,t=1,p=1$YW5vdGhlciBzYWx0$b25lIHRoYXQgbm9ib2R5IGtub3dz';
  const changedWhileCompared = async (change: string, back: string) => {
    await world.database.query('DELETE FROM throttle');
    const barrier = await failExactlyAt(
      world.database,
      {
        table: 'throttle',
        operation: 'INSERT',
        timing: 'after',
        when: `NEW.key LIKE 'sign-in-lane%'`,
        times: 1,
      },
      { kind: 'barrier' },
    );
    const before = (await told()).length;
    const person = world.stranger(1);
    const code = world.code(web, { scope: 'openid' }, person).catch((error: Error) => error.message);
    await barrier.arrived(1);
    await set(change);
    await barrier.open();
    expect(await code).toMatch(/^the sign-in ended at .* with 400/);
    await barrier.remove();
    expect((await told()).slice(before)).toEqual([]);
    expect((await person.open(`${world.issuer}/sessions`)).body).toContain('name="password"');
    await set(back);
  };

  it('is not completed with a password that was changed while it was compared', async () => {
    const back = await passwordHash();
    await changedWhileCompared(`password_hash = '${another}'`, `password_hash = '${back}'`);
  });

  it('is not completed by the password alone where a second step was set up while it was compared', () =>
    changedWhileCompared(`second_factors = '{totp}'`, `second_factors = '{}'`));

  it('is not completed with a password that was changed after it was compared, where a second step is seldom asked for', async () => {
    const back = await passwordHash();
    await set(`second_factors = '{totp}', second_step_always = false`);
    const held = await holdTable(world.database.url, 'consent');
    const person = world.stranger(1);
    const code = world.code(web, { scope: 'openid' }, person).catch((error: Error) => error.message);
    await held.arrived();
    await set(`password_hash = '${another}'`);
    await held.release();
    expect(await code).toMatch(/^the sign-in ended at .* with 400/);
    await set(`password_hash = '${back}', second_factors = '{}', second_step_always = true`);
  });

  it('is not completed where a new password became due while the old one was compared', () =>
    changedWhileCompared('must_change_password = true', 'must_change_password = false'));

  it('is not completed where the account was disabled while the password was compared, and that is no fault', async () => {
    await changedWhileCompared('disabled_at = now()', 'disabled_at = NULL');
    expect(world.nodes[0]!.output()).not.toContain('getOIDCScopeEncountered');
  });

  it('is not made where it cannot be told of', async () => {
    const before = await told();
    const fault = await failExactlyAt(
      world.database,
      { table: 'event', operation: 'INSERT', timing: 'before', when: `NEW.type = 'signin.succeeded'` },
      { kind: 'raise' },
    );
    const person = world.stranger(1);
    const code = await world.code(web, { scope: 'openid' }, person).catch((error: Error) => error.message);
    await fault.remove();
    expect(code).toMatch(/^the sign-in ended at .* with 500/);
    expect(await told()).toEqual(before);
    // Nobody is signed in with that browser: the page for people asks who they are.
    expect((await person.open(`${world.issuer}/sessions`)).body).toContain('name="password"');
  });
});

describe('signing out', () => {
  it('ends the sessions of that browser, except offline ones, and none of another browser', async () => {
    const [person, elsewhere] = [world.stranger(), world.stranger()];
    const extra = { resource: orders, scope: 'openid orders:read' };
    const mine = await world.signIn(web, { person });
    const offline = await world.signIn(web, {
      person,
      extra: { ...extra, scope: 'openid offline_access orders:read', prompt: 'consent' },
    });
    const other = await world.signIn(web, { person: elsewhere });
    const page = await person.follow(`${world.issuer}/logout`);
    expect(page.body).toContain('You are signed out');
    await expectDead(mine);
    await expectEnded(mine, 'logout');
    await expectAlive(other);
    await expectAlive(offline);
  });

  it('takes along a code that was made before and is redeemed after', async () => {
    const person = world.stranger();
    const code = await world.code(web, { scope: 'openid' }, person);
    await person.follow(`${world.issuer}/logout`);
    expect((await world.redeem(web, code, { node: 1 })).body).toMatchObject({ error: 'invalid_grant' });
    const offline = await world.code(web, { scope: 'openid offline_access', prompt: 'consent' }, person);
    await person.follow(`${world.issuer}/logout`);
    expect((await world.redeem(web, offline)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('takes along a session that is being started from such a code at that moment', async () => {
    const person = world.stranger();
    const code = await world.code(web, { scope: 'openid' }, person);
    const barrier = await failExactlyAt(
      world.database,
      { table: 'session', operation: 'INSERT', timing: 'after', times: 1 },
      { kind: 'barrier' },
    );
    const redeeming = world.redeem(web, code);
    await barrier.arrived(1);
    const signingOut = person.follow(`${world.issuer}/logout`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await barrier.open();
    const [answer, page] = await Promise.all([redeeming, signingOut]);
    await barrier.remove();
    expect(page.body).toContain('You are signed out');
    if (answer.status === 200) expect((await world.refresh(web, answer.body.refresh_token)).status).toBe(400);
    else expect(answer.status).toBe(400);
  });

  it('is not undone by a request of another tab that ran at the same time', async () => {
    const person = world.stranger();
    await world.code(web, { scope: 'openid' }, person);
    const barrier = await failExactlyAt(
      world.database,
      {
        table: 'protocol_artifact',
        operation: 'INSERT',
        timing: 'before',
        when: `NEW.kind = 'AuthorizationCode'`,
        times: 1,
      },
      { kind: 'barrier' },
    );
    const otherTab = world.code(web, { scope: 'openid' }, person);
    await barrier.arrived(1);
    // It waits for what the other tab is about to write.
    const signedOut = person.follow(`${world.issuer}/logout`);
    await barrier.open();
    const code = await otherTab;
    await signedOut;
    await barrier.remove();
    expect((await world.redeem(web, code)).status).toBe(400);
    const page = await person.follow(
      `${world.issuer}/authorize?${new URLSearchParams({ client_id: web.id, prompt: 'none', response_type: 'code', scope: 'openid', redirect_uri: world.callback, code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })}`,
    );
    expect(page.url.searchParams.get('error')).toBe('login_required');
  });
});

describe('another person at the same browser', () => {
  it('gets a session of their own, and the first one stays with the first person', async () => {
    const first = await world.signIn(web, { person: world.stranger(0) });
    const second = await world.signIn(web, { person: world.stranger(1) });
    const [one, two] = [await world.row(first.sid), await world.row(second.sid)];
    expect(one.account_id).not.toBe(two.account_id);
    expect(one.browser_session_uid).not.toBe(two.browser_session_uid);
    expect(first.sid).not.toBe(second.sid);
    await world.refreshed(web, first.refresh_token);
  });
});

describe('an account or client that is switched off', () => {
  it.each(['account_disabled', 'account_deleted', 'password_changed'] as const)(
    '%s: all its sessions and tokens are dead in the same commit, and nothing is revived later',
    async (reason) => {
      const person = world.stranger(1);
      const all = [await world.signIn(web, { person }), await world.signIn(web, { person })];
      const pending = await world.code(web, { scope: 'openid' }, person);
      const [{ account_id: id }] = [await world.row(all[0]!.sid)];
      const accounts = serviceForAccounts();
      await world.prisma.$transaction(async (transaction) => {
        if (reason === 'account_disabled') await accounts.disable(id, transaction);
        await world.engine().endAll(ended('account', id, reason), transaction);
      });
      for (const tokens of all) await expectDead(tokens);
      for (const tokens of all) await expectEnded(tokens, reason);
      expect((await world.redeem(web, pending)).body.error).toBe('invalid_grant');
      if (reason === 'account_disabled') await accounts.enable(id);
      await world.pass(1);
      for (const tokens of all) await expectDead(tokens);
      expect((await world.redeem(web, pending)).body.error).toBe('invalid_grant');
      await expectAlive(await world.signIn(web, { person: world.stranger(1) }));
    },
  );

  it('a client: its sessions are dead while it is off, and stay dead when it is on again', async () => {
    const client = await world.client();
    const tokens = await world.signIn(client);
    const rules = { allowPrivateAddresses: true };
    const clients = new ClientService({ prisma: world.prisma, clock: world.clock, rules });
    await world.prisma.$transaction(async (transaction) => {
      await clients.disable(client.id, transaction);
      await world.engine().endAll(ended('client', client.id, 'client_disabled'), transaction);
    });
    await world.until(
      'it is off',
      async () => (await world.refresh(client, tokens.refresh_token)).status === 401,
    );
    expect(await world.isActive(api, tokens.access_token)).toBe(false);
    await clients.enable(client.id);
    await world.until(
      'it is on',
      async () => (await world.refresh(client, tokens.refresh_token)).status === 400,
    );
    await expectDead(tokens, client);
    await expectEnded(tokens, 'client_disabled');
    await expectAlive(await world.signIn(client), client);
  });

  it('everyone: nothing that was authorized before works, and each session gets its own end soon', async () => {
    const tokens = await world.signIn(web);
    const code = await world.code(web, { scope: 'openid' });
    await world.engine().endAll(ended('everyone', '', 'ended_by_administrator'));
    await expectDead(tokens);
    expect((await world.redeem(web, code)).body.error).toBe('invalid_grant');
    await world.until('its own end is recorded', async () => (await world.endOf(tokens.sid)) !== null);
    await expectEnded(tokens, 'ended_by_administrator');
    await world.pass(1);
    await expectAlive(await world.signIn(web, { person: world.stranger() }));
  });
});

describe('an end of everything of everyone, which ends no row in its commit', () => {
  const endEveryone = () => world.engine().endAll(ended('everyone', '', 'ended_by_administrator'));

  it.each(['opaque', 'jwt'] as const)(
    'is not survived by a rotation that commits after it was acknowledged: %s',
    async (format) => {
      const extra = { resource: format === 'jwt' ? ledger : orders, scope: 'openid orders:read' };
      const tokens = await world.signIn(web, { person: world.stranger(), extra });
      const barrier = await failExactlyAt(
        world.database,
        {
          table: 'session',
          operation: 'UPDATE',
          timing: 'before',
          when: `NEW.id = '${tokens.sid}'`,
          times: 1,
        },
        { kind: 'barrier' },
      );
      const rotating = world.refresh(web, tokens.refresh_token);
      await barrier.arrived(1);
      await endEveryone();
      await barrier.open();
      const rotated = await rotating;
      await barrier.remove();
      expect(rotated.status).toBe(200);
      await expectDead({ ...tokens, ...rotated.body });
    },
  );

  it('leaves nothing of 6 rotations at once that works, in 5 rounds on two nodes', async () => {
    let rotatedAfter = 0;
    for (let round = 0; round < 5; round++) {
      const person = world.stranger();
      const tokens: Tokens[] = [];
      for (let n = 0; n < 6; n++) tokens.push(await world.signIn(web, { person }));
      let isOver = false;
      const rotations = tokens.map(async (one, index) => {
        const answer = await world.refresh(web, one.refresh_token, { node: index % 2 });
        if (isOver && answer.status === 200) rotatedAfter += 1;
        return { ...one, ...(answer.status === 200 ? answer.body : {}) } as Tokens;
      });
      await Promise.race(rotations.slice(0, 1 + round));
      await endEveryone();
      isOver = true;
      for (const one of await Promise.all(rotations)) await expectDead(one);
    }
    process.stdout.write(
      `${rotatedAfter} of 30 rotations were answered after the end, and none of them works\n`,
    );
  }, 120_000);
});

describe('ends that nobody asks about', () => {
  it('are recorded by whichever of two nodes looks first, each exactly once', async () => {
    const all: Tokens[] = [];
    for (let n = 0; n < 8; n++) all.push(await world.signIn(web, { person: world.person(0) }));
    await world.pass(1801);
    for (const { sid } of all)
      await world.until('the end is recorded', async () => (await world.endOf(sid)) !== null);
    for (const tokens of all) await expectEnded(tokens, 'inactivity_timeout');
  });

  it('come soon after a shorter policy, too', async () => {
    const client = await world.client({}, { inactivityTimeout: '30m' });
    const tokens = await world.signIn(client, { person: world.stranger() });
    await world.policy(client.id, { inactivityTimeout: '11m' });
    await world.pass(661);
    await world.until('the end is recorded', async () => (await world.endOf(tokens.sid)) !== null);
    await expectEnded(tokens, 'inactivity_timeout');
  });
});

describe('a limit of sessions per account', () => {
  const codes = async (client: EngineClient, count: number) => {
    // Earlier sessions of the account do not count.
    await world.engine().endAll(ended('account', await world.accountId(1), 'ended_by_administrator'));
    await world.pass(1);
    const person = world.stranger(1);
    const all: { code: string; verifier: string }[] = [];
    for (let n = 0; n < count; n++) all.push(await world.code(client, { scope: 'openid' }, person));
    return all;
  };

  it('holds among twenty sign-ins that finish at once on two nodes: the oldest are ended', async () => {
    const client = await world.client({}, { sessionsPerAccount: 3 });
    const all = await codes(client, 20);
    const answers = await atOnce(20, (node, index) => world.redeem(client, all[index]!, { node }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const alive = [];
    for (const { body } of answers)
      if ((await world.userinfo(body.access_token)).status === 200) alive.push(body);
    expect(alive).toHaveLength(3);
  });

  it('or new ones are refused, with an event, and their code is not used up by that', async () => {
    const client = await world.client({}, { sessionsPerAccount: 1, whenSessionsFull: 'refuse_new' });
    const all = await codes(client, 10);
    const answers = await atOnce(10, (node, index) => world.redeem(client, all[index]!, { node }));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    const refused = answers.findIndex(({ status }) => status !== 200);
    expect(answers[refused]).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'too many sessions' },
    });
    const events = await world.database.query(
      `SELECT 1 FROM event WHERE type = 'session.start_refused' AND client_id = $1`,
      [client.id],
    );
    expect(events).toHaveLength(9);
    await world.revoke(client, winners[0]!.body.refresh_token);
    expect((await world.redeem(client, all[refused]!)).status).toBe(200);
  });
});

function serviceForAccounts(): AccountService {
  const hasher = new PasswordHasher({
    memoryCost: 8192,
    timeCost: 1,
    parallelism: 1,
    concurrency: 1,
    queue: 4,
  });
  const throttle = new SignInThrottle(new Throttle(world.prisma, world.clock), defaultSignInLimits);
  const rules = { shortest: 8, longest: 1024 };
  return new AccountService({ prisma: world.prisma, clock: world.clock, hasher, throttle, rules });
}
