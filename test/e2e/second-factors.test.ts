import { setTimeout as pause } from 'node:timers/promises';
import { PolicyService, type PolicyTarget } from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { Authenticator, enrol, sendForm, withoutFactors } from '../support/authenticator.js';
import { formsOf, type Page, Person } from '../support/person.js';
import { addPasskey, showPasskey } from '../support/software-passkey.js';
import { orders, ProtocolWorld } from './protocol-world.js';
import { letBrowsersBeRemembered } from './remembered-browsers.js';

let world: ProtocolWorld;
let ahead = 0;
const now = () => Date.now() + ahead;
/** Moves on to time steps of which none was used. */
const later = async (milliseconds = 120_000) => {
  await world.pass(milliseconds / 1000);
  ahead += milliseconds;
};

/** Ada has an authenticator app; the other person has none. */
let ada: { password: string; username: string };
let app: Authenticator;
let codes: readonly string[];
beforeAll(async () => {
  world = await ProtocolWorld.start({ CURFEW_VIRTUAL_CLOCK: 'true' });
  ada = world.data.accounts[0]!;
  ({ app, codes } = await enrol(world.person(), ada.password, world.issuer, now));
}, 60_000);
afterAll(() => world?.stop());

const mfa = 'urn:curfew:acr:mfa';
const twoFactors = { acr: mfa, amr: ['pwd', 'otp', 'mfa'] };
const isSecondStep = ({ body }: Page): boolean => body.includes('name="code"');
const isEnrolment = ({ body }: Page): boolean => body.includes('<h1>Set up a second step</h1>');
const proofIn = (token: string) => {
  const { acr, amr } = decodeJwt(token) as Record<string, unknown>;
  return { acr, amr };
};
const dropFactors = (number: number) => withoutFactors(world.database, world.data.accounts[number]!.username);
const cookieless = (person: Person) => person.cookieFor('/').includes('_session=') === false;

/** Begins a sign-in with an application and stops at the second step. */
const atSecondStep = async (extra: Record<string, string> = {}, person = world.person()) => {
  const stopped = await startAt(person, extra);
  expect(isSecondStep(stopped.page)).toBe(true);
  return { person, ...stopped };
};
const startAt = async (person: Person, extra: Record<string, string>) => {
  const { createHash, randomBytes } = await import('node:crypto');
  const verifier = randomBytes(32).toString('base64url');
  const parameters = new URLSearchParams({
    client_id: world.clients.web.id,
    redirect_uri: world.callback,
    response_type: 'code',
    scope: 'openid orders:read',
    resource: orders,
    state: 'xyz',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...extra,
  });
  const page = await person.follow(`${world.issuer}/authorize?${parameters}`, isSecondStep);
  return { page, verifier };
};
const redeemed = async (page: Page, verifier: string) =>
  (await world.redeem(world.clients.web, page.url.searchParams.get('code') ?? '', verifier)).body;
/** Goes on from the page after the second step, through a consent where one is asked. */
const enter = async (person: Person, page: Page, code: string) =>
  person.goOn(await sendForm(person, page, { code }), isSecondStep);

/** The tokens of a session, and a code of the same sign-in that is not redeemed yet. */
interface Session {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly spare?: { readonly page: Page; readonly verifier: string };
}

describe('a sign-in with a second factor', () => {
  it('asks for a code after the password, and tells both', async () => {
    await later();
    const { person, page, verifier } = await atSecondStep();
    expect(cookieless(person)).toBe(true);
    const tokens = await redeemed(await enter(person, page, app.code()), verifier);
    expect(proofIn(tokens.id_token)).toEqual(twoFactors);
    const refreshed = (await world.refresh(world.clients.web, tokens.refresh_token)).body;
    expect(proofIn(refreshed.id_token)).toEqual(twoFactors);
    expect((await world.introspect(refreshed.access_token)).body).toMatchObject(twoFactors);
  });

  it('takes no code twice, and no wrong one, and goes on with the next', async () => {
    await later();
    const used = app.code();
    const first = await atSecondStep();
    await enter(first.person, first.page, used);
    const { person, page, verifier } = await atSecondStep();
    for (const wrong of [used, '000000', 'nonsense', '']) {
      const again = await sendForm(person, page, { code: wrong });
      expect([again.status, isSecondStep(again)]).toEqual([422, true]);
    }
    const back = await enter(person, page, app.code(1));
    expect(proofIn((await redeemed(back, verifier)).id_token)).toEqual(twoFactors);
  });

  it('takes a recovery code once', async () => {
    const first = await atSecondStep();
    const back = await enter(first.person, first.page, codes[0]!);
    expect(proofIn((await redeemed(back, first.verifier)).id_token)).toEqual(twoFactors);
    const { person, page } = await atSecondStep();
    expect(await sendForm(person, page, { code: codes[0]! })).toMatchObject({ status: 422 });
  });

  it('has no second step without the password of that very page', async () => {
    const { page } = await atSecondStep();
    await later();
    const fields = formsOf(page.body).find(({ markup }) => markup.includes('name="code"'))!.fields;
    const stranger = world.person();
    const other = await startAt(stranger, { login_hint: 'x', prompt: 'login', acr_values: mfa });
    for (const forged of [fields, { ...fields, at: String(now()) }, { ...fields, second: '' }]) {
      const { csrf: _, ...proof } = forged as Record<string, string>;
      const answer = await sendForm(stranger, other.page, { ...proof, code: app.code() });
      expect(isSecondStep(answer)).toBe(false);
      expect(answer.url.searchParams.has('code')).toBe(false);
    }
  });

  it('waits ten minutes for its second step', async () => {
    const { person, page } = await atSecondStep();
    await later(600_000);
    const answer = await sendForm(person, page, { code: app.code() });
    expect([answer.status, answer.body.includes('took too long')]).toEqual([422, true]);
  });

  it('is not completed once everything of the account was ended since its password', async () => {
    const { person, page } = await atSecondStep();
    await later(5_000);
    await world.database.query(
      `INSERT INTO not_before (kind, target, at, reason)
       SELECT 'account', id::text, to_timestamp(${(now() - 2_000) / 1000}), 'ended_by_administrator' FROM account WHERE username = '${ada.username}'`,
    );
    await later();
    const back = await enter(person, page, app.code());
    expect(back.url.searchParams.has('code')).toBe(false);
  });
});

describe('a new password that is due', () => {
  it.each([
    ['always', true],
    ['seldom', false],
  ])(
    'is chosen after the second step by a person who is %s asked for one, and not with the old password alone',
    async (_, always) => {
      await later();
      const change = (what: string) =>
        world.database.query<{ password_hash: string }>(
          `UPDATE account SET ${what} WHERE username = '${ada.username}' RETURNING password_hash`,
        );
      const [before] = await change(`must_change_password = true, second_step_always = ${always}`);
      const { person, page, verifier } = await atSecondStep();
      expect(page.body).not.toContain('name="new"');
      const due = await sendForm(person, page, { code: app.code() });
      const phrase = 'a pass phrase of her own';
      await change(`second_factors = array_append(second_factors, 'passkey')`);
      const late = await sendForm(person, due, { new: phrase, repeat: phrase });
      expect([late.status, late.body.includes('was changed meanwhile')]).toEqual([422, true]);
      await change(`second_factors = array_remove(second_factors, 'passkey')`);
      const chosen = await sendForm(person, due, { new: phrase, repeat: phrase });
      const back = await person.goOn(chosen, isSecondStep);
      expect(proofIn((await redeemed(back, verifier)).id_token)).toEqual(twoFactors);
      await change(`password_hash = '${before!.password_hash}', second_step_always = true`);
    },
  );
});

describe('a step-up', () => {
  const sometimes = async (act: 'sometimes' | 'always') => {
    await later();
    const person = world.person();
    const opened = await person.follow(`${world.issuer}/second-step`, isSecondStep);
    const signedIn = opened.body.includes('name="act"')
      ? opened
      : await enter(person, opened, app.code()).then(() => person.open(`${world.issuer}/second-step`));
    const done = await sendForm(person, signedIn, { act, current: ada.password, code: app.code(1) });
    expect(done.url.search).toBe(`?done=${act}`);
  };

  it('asks a person who is signed in for the code alone, and keeps their sign-in as it is', async () => {
    await sometimes('sometimes');
    await later();
    const person = world.person();
    const plain = await startAt(person, {});
    const first = decodeJwt((await redeemed(plain.page, plain.verifier)).id_token);
    expect(first).toMatchObject({ amr: ['pwd'] });
    await later();
    const { page, verifier } = await atSecondStep({ acr_values: mfa }, person);
    expect(page.body).not.toContain('name="password"');
    const back = await enter(person, page, app.code());
    const second = decodeJwt((await redeemed(back, verifier)).id_token);
    expect(second).toMatchObject({ ...twoFactors, auth_time: first['auth_time'] });
    const again = await startAt(person, { acr_values: mfa, prompt: 'none' });
    expect(proofIn((await redeemed(again.page, again.verifier)).id_token)).toEqual(twoFactors);
  });

  it('is told to a client that wants no page', async () => {
    const person = world.person();
    await startAt(person, {});
    const { page } = await startAt(person, { acr_values: mfa, prompt: 'none' });
    expect(page.url.searchParams.get('error')).toBe('login_required');
  });

  it('asks for the password as well where max_age demands it', async () => {
    await later();
    const person = world.person();
    await startAt(person, {});
    await later();
    const page = await person.open(
      `${world.issuer}/authorize?${new URLSearchParams({
        client_id: world.clients.web.id,
        redirect_uri: world.callback,
        response_type: 'code',
        scope: 'openid',
        acr_values: mfa,
        max_age: '60',
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
      })}`,
    );
    expect(page.body).toContain('name="password"');
  });
});

describe('a policy that requires two factors', () => {
  let policies: PolicyService;
  beforeAll(async () => {
    policies = new PolicyService(world.database.prisma(), new ManualClock(Date.now()));
    const settings = { basedOn: 'standard', requiredAcr: mfa };
    await policies.save({ name: 'two-factors', previous: 0, settings, createdBy: 'test' });
  });
  /** Waits until the server has heard of a changed policy; if it never does, the assertions say so. */
  const heard = async (token: string, isActive: boolean) => {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      if ((await world.introspect(token)).body.active === isActive) return;
      await pause(50);
    }
  };

  /** Ada, who is asked for a code only where it is demanded, signed in by password alone; and with both. */
  const signedIn = async (): Promise<{
    weak: Session;
    strong: Session;
    person: Person;
    strongPerson: Person;
  }> => {
    const person = world.person();
    const plain = await startAt(person, {});
    const first = await redeemed(plain.page, plain.verifier);
    await later();
    const { page, verifier, person: strongPerson } = await atSecondStep({ acr_values: mfa });
    const strong = await redeemed(await enter(strongPerson, page, app.code()), verifier);
    const weak = { ...first, spare: await startAt(person, {}) };
    return { weak, strong, person, strongPerson };
  };

  it.each<[string, PolicyTarget]>([
    ['everyone', { kind: 'everyone' }],
    ['a client', { kind: 'client', id: '' }],
    ['a resource', { kind: 'resource', audience: orders }],
  ])('of %s lets nothing through that proved less, at any place, and uses nothing up', async (_, target) => {
    const to = target.kind === 'client' ? { ...target, id: world.clients.web.id } : target;
    const { web } = world.clients;
    const { weak, strong, person, strongPerson } = await signedIn();
    const active = async (token: string) => (await world.introspect(token)).body.active;
    const leaked = (await world.refresh(web, weak.refresh_token)).body;
    expect([await active(weak.access_token), await active(strong.access_token)]).toEqual([true, true]);
    const before = await policies.attachedTo(to);
    await policies.attach(to, 'two-factors');
    await heard(weak.access_token, false);
    try {
      const places = {
        introspection: [await active(weak.access_token), await active(strong.access_token)],
        refresh: [
          (await world.refresh(web, leaked.refresh_token)).body,
          (await world.refresh(web, strong.refresh_token)).status,
        ],
        revocation: (await world.revoke(web, leaked.access_token)).status,
        redemption: (await redeemed(weak.spare!.page, weak.spare!.verifier)).error,
        silently: [
          (await startAt(person, { prompt: 'none' })).page.url.searchParams.get('error'),
          (await startAt(strongPerson, { prompt: 'none' })).page.url.searchParams.has('code'),
        ],
      };
      expect(places).toEqual({
        introspection: [false, true],
        refresh: [
          {
            error: 'insufficient_user_authentication',
            error_description: expect.any(String),
            acr_values: mfa,
          },
          200,
        ],
        revocation: 200,
        redemption: 'insufficient_user_authentication',
        silently: ['login_required', true],
      });
      const { page } = await atSecondStep({}, person);
      expect(page.body).not.toContain('name="password"');
      // Somebody without a second factor is led to set one up, and gets no code before.
      const asked = world.begin(web, { resource: orders, scope: 'openid orders:read' });
      const other = await world.person(1).follow(asked.address, isEnrolment);
      expect([isEnrolment(other), other.body.includes('>Later<')]).toEqual([true, false]);
    } finally {
      if (before === null) await policies.detach(to);
      else await policies.attach(to, before);
      await heard(weak.access_token, true);
    }
    expect((await world.refresh(web, leaked.refresh_token)).status).toBe(200);
    expect([await active(weak.access_token), await active(leaked.access_token)]).toEqual([true, false]);
  });
});

describe('a policy that gives people days to set up a second factor', () => {
  const settings = { basedOn: 'standard', enrolmentDays: 7 };
  const askedAgo = (what: string) =>
    world.database.query(`UPDATE account SET ${what} WHERE username = '${world.data.accounts[1]!.username}'`);
  const startAsOther = async () => {
    const person = world.person(1);
    const { address, verifier } = world.begin(world.clients.web, { scope: 'openid' });
    return { person, verifier, page: await person.follow(address, isEnrolment) };
  };

  it('offers it until then, and issues no code afterwards before one stands', async () => {
    const policies = new PolicyService(world.database.prisma(), new ManualClock(Date.now()));
    await policies.save({ name: 'enrolment', previous: 0, settings, createdBy: 'test' });
    const target = { kind: 'client', id: world.clients.web.id } as const;
    await policies.attach(target, 'enrolment');
    let offered = await startAsOther();
    for (let attempt = 0; attempt < 50 && !isEnrolment(offered.page); attempt += 1) {
      await pause(100);
      offered = await startAsOther();
    }
    expect(offered.page.body).toMatch(/You can do it later: .*in (7 days|6 days 23 hours)/);
    const put = await offered.person.goOn(offered.page);
    expect(proofIn((await redeemed(put, offered.verifier)).id_token)).toMatchObject({ amr: ['pwd'] });
    // It is offered with the sign-in, and at no later application.
    const silent = await world.authorize(world.clients.web, { scope: 'openid' }, offered.person);
    expect(silent.code).not.toBe('');

    await askedAgo(`enrolment_asked_at = enrolment_asked_at - interval '7 days'`);
    const refused = { scope: 'openid', prompt: 'none' };
    const quiet = await world.authorize(world.clients.web, refused, offered.person);
    expect(quiet.query.get('error')).toBe('interaction_required');
    const { person, page, verifier } = await startAsOther();
    const [form] = formsOf(page.body);
    for (const decision of ['later', 'continue', 'allow', '']) {
      const again = await person.submit(page, { ...form!, markup: '' }, { decision });
      expect([decision, isEnrolment(again), again.body.includes('>Later<')]).toEqual([decision, true, false]);
    }

    const link = /href="([^"]*second-step\?back=[^"]+)"/.exec(page.body)![1]!;
    const locked = await person.open(new URL(link, world.issuer).href);
    const { password: current } = world.data.accounts[1]!;
    const shown = await sendForm(person, locked, { act: 'begin', current });
    const own = new Authenticator(/<code class="key">([A-Z2-7 ]+)</.exec(shown.body)![1]!, now);
    const done = await sendForm(person, shown, { act: 'confirm', code: own.code() });
    const back = /href="([^"]*\/interaction\/[^"]+)"/.exec(done.body)![1]!;
    const ready = await person.open(new URL(back, world.issuer).href);
    expect(ready.body).toContain('Your second step is set up.');
    const tokens = await redeemed(await person.goOn(ready), verifier);
    expect(proofIn(tokens.id_token)).toEqual(twoFactors);

    await policies.detach(target);
    await dropFactors(1);
    await askedAgo('enrolment_asked_at = NULL');
  });
});

describe('a browser that is remembered', () => {
  const setAlways = (always: boolean) =>
    world.database.query(
      `UPDATE account SET second_step_always = ${always} WHERE username = '${ada.username}'`,
    );
  const again = (person: Person, extra = {}) => startAt(person, { prompt: 'login', ...extra });
  const rememberedIn = async (person: Person, code: () => string) => {
    await later();
    const { page } = await again(person);
    return person.goOn(await sendForm(person, page, { code: code(), trust: 'yes' }), isSecondStep);
  };
  let undo: () => Promise<void>;
  beforeAll(async () => {
    await setAlways(true);
    const isOffered = async () => (await atSecondStep()).page.body.includes('name="trust"');
    undo = await letBrowsersBeRemembered(world, isOffered);
  }, 30_000);
  afterAll(async () => {
    await undo();
    await setAlways(false);
    await dropFactors(2);
  });

  it('is asked for no second step at the sign-in, proves nothing by it, and is forgotten on a word', async () => {
    const { person, page, verifier } = await atSecondStep();
    expect(page.body).toContain('Do not ask in this browser for 7 days');
    const wrong = await sendForm(person, page, { code: '000000', trust: 'yes' });
    expect(wrong.status).toBe(422);
    expect(isSecondStep((await again(person)).page)).toBe(true);
    await later();
    const back = await person.goOn(
      await sendForm(person, page, { code: app.code(), trust: 'yes' }),
      isSecondStep,
    );
    expect(proofIn((await redeemed(back, verifier)).id_token)).toEqual(twoFactors);

    const spared = await again(person);
    const oneFactor = { acr: 'urn:curfew:acr:sfa', amr: ['pwd'] };
    expect(proofIn((await redeemed(spared.page, spared.verifier)).id_token)).toEqual(oneFactor);
    expect(isSecondStep((await again(person, { acr_values: mfa })).page)).toBe(true);
    expect(isSecondStep((await again(world.person())).page)).toBe(true);

    const own = await person.open(`${world.issuer}/second-step`);
    expect(own.body).toContain('Remembered browsers');
    const form = formsOf(own.body).find(({ markup }) => markup.includes('value="forget"'))!;
    const { url, body } = await person.submit(own, form);
    expect([url.search, body.includes('Remembered browsers')]).toEqual(['?done=forgotten', false]);
    expect(isSecondStep((await again(person)).page)).toBe(true);
    const told = await world.database.query(
      `SELECT data->>'change' AS change FROM event WHERE data->>'change' LIKE 'browser%' ORDER BY id`,
    );
    expect(told).toEqual([{ change: 'browser_remembered' }, { change: 'browsers_forgotten' }]);
  });

  it('ends with the sign-out that follows a passkey, and is known for each of its people by a value that the others have not seen', async () => {
    const { password: current } = world.data.accounts[2]!;
    const person = world.person(2);
    const own = await enrol(person, current, world.issuer, now);
    await later();
    const { key } = await addPasskey(person, world.issuer, { current, code: own.app.code() });
    const code = () => own.app.code();
    const asked = async (who: Person) => isSecondStep((await again(who)).page);
    const timeOut = () => later(2 * 86_400_000);
    await rememberedIn(person, code);
    await timeOut();
    await showPasskey(person, await person.open(`${world.issuer}/sign-in`), key);
    await person.follow(`${world.issuer}/logout`);
    expect(await asked(person)).toBe(true);

    await rememberedIn(person, code);
    const [, name = '', value = ''] = /(\S*remembered)=([^;]+)/.exec(person.cookieFor('/'))!;
    const copied = new Map([['copied', { name, value, path: '/' }]]);
    const elsewhere = new Person(ada.username, ada.password, {}, copied);
    await timeOut();
    const next = person.followedBy(ada.username, ada.password);
    await rememberedIn(next, () => app.code());
    await timeOut();
    expect([await asked(elsewhere), await asked(person)]).toEqual([true, false]);
    await timeOut();
    expect(await asked(next)).toBe(false);
  });
});

describe('a step-up because of risk', () => {
  const firefox = {
    'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  };
  const safari = {
    'user-agent':
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15',
  };

  it('asks for a factor that a thief of the password lacks, and asks again until it is shown', async () => {
    const { web } = world.clients;
    const person = world.person();
    const begun = await startAt(person, {});
    const code = begun.page.url.searchParams.get('code')!;
    const { body } = await world.redeem(web, code, begun.verifier, {}, firefox);
    const refused = await world.refresh(web, body.refresh_token, {}, safari);
    expect(refused.body).toMatchObject({ error: 'insufficient_user_authentication', max_age: 0 });
    await later();
    expect(isSecondStep((await startAt(person, { max_age: '0' })).page)).toBe(true);
    const again = await atSecondStep({}, person);
    const back = await enter(person, again.page, app.code());
    const proved = await world.redeem(web, back.url.searchParams.get('code')!, again.verifier, {}, safari);
    expect(proofIn(proved.body.id_token)).toEqual(twoFactors);
    expect((await world.refresh(web, body.refresh_token, {}, safari)).status).toBe(200);
  });
});

describe('the settings of the second step', () => {
  it('change nothing for a password alone, or for a code alone', async () => {
    await later();
    const person = world.person();
    const page = await person.follow(`${world.issuer}/second-step`, isSecondStep);
    for (const act of ['remove', 'renew', 'sometimes'])
      for (const typed of [
        { current: ada.password, code: '000000' },
        { current: 'wrong password', code: codes[3]! },
      ])
        expect((await sendForm(person, page, { act, ...typed })).status).toBe(422);
    expect((await sendForm(person, page, { act: 'begin', current: ada.password, code: '' })).status).toBe(
      422,
    );
    await later(1_000_000);
    const left = await sendForm(person, page, { act: 'renew', current: ada.password, code: codes[2]! });
    expect(left.body.match(/<li><code>/g)).toHaveLength(10);
  });

  it('are asked for where the password is changed, too: the password alone changes nothing', async () => {
    await later(1_000_000);
    const person = world.person();
    const page = await person.follow(`${world.issuer}/password`, isSecondStep);
    const typed = { current: ada.password, new: 'a quiet lake in winter', repeat: 'a quiet lake in winter' };
    for (const code of ['', '000000'])
      expect((await sendForm(person, page, { ...typed, code })).status).toBe(422);
    const changed = await sendForm(person, page, { ...typed, code: app.code() });
    expect(changed.body).toContain('Your password is changed');
    const { password } = ada;
    ada.password = typed.new;
    await later();
    const back = { current: typed.new, new: password, repeat: password, code: app.code() };
    const again = await person.follow(`${world.issuer}/password`, isSecondStep);
    expect((await sendForm(person, again, back)).body).toContain('Your password is changed');
    ada.password = password;
  });

  it('change nothing for a password and a code of the app where the account has a passkey, which may have been phished together', async () => {
    const { password: current } = world.data.accounts[2]!;
    const person = world.person(2);
    const own = await enrol(person, current, world.issuer, now);
    await later();
    const { key } = await addPasskey(person, world.issuer, { current, code: own.app.code() });
    await later();
    const page = await person.open(`${world.issuer}/second-step`);
    expect([page.body.includes('Recovery code'), page.body.includes('Code from your app')]).toEqual([
      true,
      false,
    ]);
    for (const act of ['prove', 'remove', 'remove_app', 'renew', 'begin', 'always'])
      expect((await sendForm(person, page, { act, current, code: own.app.code() })).status).toBe(422);
    const phrase = 'a pass phrase of the thief';
    const chosen = { current, new: phrase, repeat: phrase, code: own.app.code() };
    const atPassword = await person.open(`${world.issuer}/password`);
    expect((await sendForm(person, atPassword, chosen)).status).toBe(422);
    // The ways that are left: the passkey, and a recovery code for somebody who has lost it.
    const ways = [
      () => showPasskey(person, page, key),
      () => sendForm(person, page, { act: 'prove', current, code: own.codes[0]! }),
    ];
    for (const way of ways) expect((await way()).body).toContain('value="remove_passkey"');
  });

  it('ask for a new proof ten minutes after the last one, however many pages handed it on', async () => {
    await later();
    const person = world.person();
    const locked = await person.follow(`${world.issuer}/second-step`, isSecondStep);
    const signedIn = locked.body.includes('name="act"')
      ? locked
      : await enter(person, locked, app.code()).then(() => person.open(`${world.issuer}/second-step`));
    const proof = { act: 'prove', current: ada.password, code: app.code(1) };
    let page = await sendForm(person, signedIn, proof);
    for (const status of [200, 200, 422]) {
      await later(250_000);
      const next = await sendForm(person, page, { act: 'prove' });
      expect([next.status, next.body.includes('took too long')]).toEqual([status, status === 422]);
      page = next;
    }
  });

  it('ask for a new proof where the account got a passkey while this one was checked', async () => {
    await later();
    const person = world.person();
    const locked = await person.follow(`${world.issuer}/second-step`, isSecondStep);
    await enter(person, locked, app.code());
    await later();
    const page = await person.open(`${world.issuer}/second-step`);
    const sent = () => sendForm(person, page, { act: 'prove', current: ada.password, code: app.code() });
    const late = await meanwhile('SELECT 1 FROM totp_factor FOR UPDATE', sent);
    expect([late.status, late.body.includes('took too long')]).toEqual([422, true]);
  });

  /** Sends a form, and lets the account get a passkey while the form waits behind a lock. */
  const meanwhile = async (lock: string, send: () => Promise<Page>): Promise<Page> => {
    const turns = (change: string) =>
      `UPDATE account SET second_factors = ${change}(second_factors, 'passkey') WHERE username = '${ada.username}'`;
    const holder = new pg.Client({ connectionString: world.database.url });
    await holder.connect();
    await holder.query(`BEGIN; ${lock}`);
    const sent = send();
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await world.database.query(waiting)).length === 0) await pause(20);
    await holder.query(`${turns('array_append')}; COMMIT`);
    await holder.end();
    const late = await sent;
    await world.database.query(turns('array_remove'));
    return late;
  };

  it('change nothing where the account gets a passkey between the proof and the change', async () => {
    await later();
    const person = world.person();
    const locked = await person.follow(`${world.issuer}/second-step`, isSecondStep);
    await enter(person, locked, app.code());
    const lock = `SELECT 1 FROM account WHERE username = '${ada.username}' FOR NO KEY UPDATE`;
    const said = 'was changed meanwhile';
    for (const act of ['remove', 'remove_app', 'renew', 'sometimes']) {
      await later();
      const proof = { act: 'prove', current: ada.password, code: app.code() };
      const page = await sendForm(person, await person.open(`${world.issuer}/second-step`), proof);
      const late = await meanwhile(lock, () => sendForm(person, page, { act }));
      expect([act, late.status, late.body.includes(said)]).toEqual([act, 422, true]);
      expect(late.body).toContain('name="current"');
    }
    await later();
    const atPassword = await person.open(`${world.issuer}/password`);
    const phrase = 'a pass phrase of the thief';
    const typed = { current: ada.password, new: phrase, repeat: phrase, code: app.code() };
    const late = await meanwhile(lock, () => sendForm(person, atPassword, typed));
    expect([late.status, late.body.includes(said)]).toEqual([422, true]);
    await later();
    const kept = await sendForm(person, await person.open(`${world.issuer}/second-step`), {
      ...{ act: 'prove', current: ada.password, code: app.code() },
    });
    expect(kept.body).toContain('value="remove_app"');
  });

  it('ask for a new proof where another browser changed the factors since the last one', async () => {
    const { password } = world.data.accounts[1]!;
    const person = world.person(1);
    const locked = await person.follow(`${world.issuer}/second-step`, isSecondStep);
    const page = await sendForm(person, locked, { act: 'prove', current: password });
    expect((await sendForm(person, page, { act: 'begin' })).status).toBe(200);
    await enrol(world.person(1), password, world.issuer, now);
    const late = await sendForm(person, page, { act: 'remove' });
    expect([late.status, late.body.includes('took too long')]).toEqual([422, true]);
  });

  it('record what was changed, without any secret', async () => {
    const events = await world.database.query<{ data: { change: string } }>(
      `SELECT data FROM event WHERE type = 'account.changed' ORDER BY id`,
    );
    const changes = new Set(events.map(({ data }) => data.change));
    for (const change of [
      'second_factor_added',
      'second_step_changed',
      'recovery_code_used',
      'recovery_codes_renewed',
    ])
      expect(changes).toContain(change);
  });
});
