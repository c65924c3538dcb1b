import http from 'node:http';
import { decodeJwt } from 'jose';
import { MailServer } from '../support/mail-server.js';
import { formsOf, Person } from '../support/person.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { countStatements, type StatementCounter } from '../support/statement-counter.js';
import { AdminWorld, deviceGrant, orders } from './admin-world.js';

let mail: MailServer;
let world: AdminWorld;
let other: RunningServer;
let counter: StatementCounter;
beforeAll(async () => {
  mail = await MailServer.start();
  world = await AdminWorld.start({
    CURFEW_SMTP_URL: mail.url,
    CURFEW_MAIL_FROM: 'Example <no-reply@example.test>',
    CURFEW_DELIVERY_INTERVAL: '100ms',
    CURFEW_THROTTLE_MAIL: '1000/15m',
  });
  const { CURFEW_DEV_FILE: _, DATABASE_URL: url, ...settings } = world.server.environment;
  counter = await countStatements(url!);
  const port = String(await freePort());
  other = await startServer({
    databaseUrl: counter.url,
    settings: { ...settings, CURFEW_AUTH_PORT: port, CURFEW_DEV_FILE: '' },
  });
}, 90_000);
afterAll(async () => {
  await other?.stop();
  await counter?.close();
  await world?.stop();
  await mail?.close();
});

const password = 'a long enough password of a person';
const linkIn = ({ text }: { text: string }): string =>
  /^http\S+\/link\/\S+$/m.exec(text.replaceAll('\r', ''))![0];

let number = 0;
/** An account whose address is verified. */
const someone = async (more: object = {}) => {
  const username = `person-${++number}@example.test`;
  const body = {
    username,
    password,
    email: username,
    email_verified: true,
    must_change_password: false,
    ...more,
  };
  const made = await world.post('/v1/accounts', body);
  expect(made.status).toBe(201);
  return { id: made.body.id as string, username, person: new Person(username, password) };
};
/** Asks for a new password of this name, at the pages. */
const forget = async (name: string, asking = new Person(name, '')) => {
  const page = await asking.open(`${world.server.issuer}/forgotten-password`);
  return asking.submit(page, formsOf(page.body)[0]!);
};
/** Sends a request to the second node, as a load balancer would: under the name of the issuer. */
const toOther: typeof fetch = (input, { method = 'GET', headers, body } = {}) =>
  new Promise((resolve, reject) => {
    const { pathname, search, host } = new URL(String(input));
    const sent = { ...Object.fromEntries(new Headers(headers)), host };
    const form = body instanceof URLSearchParams ? String(body) : undefined;
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const request = http.request(
      { port: other.port, path: pathname + search, method, headers: { ...sent, ...type }, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const told = new Headers();
          for (const [name, values] of Object.entries(answer.headersDistinct))
            for (const value of values ?? []) told.append(name, value);
          resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 0, headers: told }));
        });
      },
    );
    request.on('error', reject).end(form);
  });
const fill = async (link: string, fields: Record<string, string>) => {
  const visitor = new Person('', '');
  const page = await visitor.open(link);
  return visitor.submit(page, formsOf(page.body)[0]!, fields);
};
const choose = (link: string, chosen: string) => fill(link, { new: chosen, repeat: chosen });
/** Sends the form of a link so many times at once, half of them at each node; how many answers there were of each status. */
const together = async (link: string, fields: Record<string, string>) => {
  const body = new URLSearchParams(fields);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      (index % 2 ? fetch : toOther)(link, { method: 'POST', body, redirect: 'manual' }),
    ),
  );
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe('an invitation', () => {
  it('lets a person choose the first password of their account, and confirms the address', async () => {
    const username = 'ada@example.test';
    const made = await world.post('/v1/accounts', {
      username,
      email: username,
      display_name: 'Ada',
      invite: true,
    });
    expect(made.body).toMatchObject({ password: null, has_password: false, email_verified: false });
    const letter = await mail.letterTo(username, /^Your account at/);
    expect(letter.text).toContain('Hello Ada,');
    const link = linkIn(letter);
    for (let time = 0; time < 3; time++) expect((await new Person('', '').open(link)).status).toBe(200);
    expect((await choose(link, 'short')).body).toContain('Use at least');
    expect((await choose(link, password)).body).toContain('Your password is set');
    expect((await new Person('', '').open(link)).status).toBe(410);
    expect((await world.signIn(new Person(username, password))).sid).toBeTruthy();
    const { client_id } = world.data.clients.device;
    const told = await world.signInRaw(new Person(username, password), {
      client_id,
      resource: orders,
      scope: 'openid email profile',
    });
    expect(decodeJwt(told['id_token']!)).toMatchObject({
      email: username,
      email_verified: true,
      name: 'Ada',
      preferred_username: username,
    });
    const { body } = await world.get(`/v1/accounts/${made.body.id}`);
    expect(body).toMatchObject({ has_password: true, email_verified: true });
  });

  it('is sent to no account that has a password or no address, and to none where no mail is sent', async () => {
    const { id } = await someone();
    const without = await world.post('/v1/accounts', { username: 'without-address', password });
    expect((await world.post(`/v1/accounts/${id}/invite`, {})).body.code).toBe('password_is_set');
    expect((await world.post(`/v1/accounts/${without.body.id}/invite`, {})).body.code).toBe('email_missing');
  });
});

describe('a forgotten password', () => {
  it('is replaced by a link, after which no session and no browser lives on', async () => {
    const { username, person } = await someone();
    const tokens = await world.signIn(person);
    expect((await forget(username.toUpperCase())).body).toContain('a mail is on its way');
    const link = linkIn(await mail.letterTo(username, /^Choose a new password/));
    expect((await choose(link, 'another long password')).body).toContain('Your password is set');
    expect(await world.refresh(tokens.refresh_token)).toMatchObject({ error: 'invalid_grant' });
    expect(await world.introspect(tokens.access_token)).toEqual({ active: false });
    const own = await person.open(`${world.server.issuer}/sessions`);
    expect(own.url.pathname).toBe('/sign-in');
    await mail.letterTo(username, /was changed$/);
  });

  it('costs the same and is answered alike for sixty names that exist and sixty that do not', async () => {
    const { username } = await someone();
    const ask = async (name: string) => {
      const done = await forget(name, new Person(name, '', {}, new Map(), toOther));
      return done.body.replaceAll(/value="[^"]*"/g, '');
    };
    const seen: { body: string; statements: string[] }[] = [];
    for (let round = 0; round < 60; round++)
      for (const name of [username, `nobody-${round}@example.test`]) {
        counter.reset();
        const body = await ask(name);
        const own = counter.carriedOut().filter((one) => /throttle|INSERT INTO "public"\."mail"/.test(one));
        seen.push({ body, statements: own.filter((one) => !/DELETE/.test(one)) });
      }
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
    expect(new Set(seen.map(({ statements }) => statements.join('\n'))).size).toBe(1);
    expect(seen[0]!.statements).toHaveLength(2);
  }, 60_000);

  it('is written about in the language of the page that asked, with the same links, and in English for any other', async () => {
    const { username } = await someone();
    for (const [language, subject, words] of [
      ['de-AT, en;q=0.5', /^Neues Passwort für /, 'Der Link gilt einmal und 20 Minuten lang.'],
      ['fr', /^Choose a new password at /, 'The link works once, for 20 minutes.'],
    ] as const) {
      const done = await forget(username, new Person(username, '', { 'accept-language': language }));
      expect(done.url.searchParams.get('done')).toBe('sent');
      const letter = await mail.letterTo(username, subject);
      expect(letter.text).toContain(words);
      expect((await new Person('', '').open(linkIn(letter))).status).toBe(200);
    }
  });

  it('sends an owner five links at most within the life of one, all of which work', async () => {
    const { username } = await someone();
    for (let time = 0; time < 8; time++) await forget(username);
    const links = [];
    for (let time = 0; time < 5; time++)
      links.push(linkIn(await mail.letterTo(username, /^Choose a new password/)));
    expect((await world.get('/v1/stats')).body.mail.failing).toBe(0);
    for (const link of links) expect((await new Person('', '').open(link)).status).toBe(200);
    expect((await choose(links[2]!, 'another long password')).body).toContain('Your password is set');
    // The others were made to replace a password that is gone.
    expect((await choose(links[4]!, 'yet another long password')).status).toBe(410);
  });

  it('opens no account whose address nobody has confirmed, and none that is disabled', async () => {
    const { username } = await someone({ email_verified: false });
    const { username: off, id } = await someone();
    await world.post(`/v1/accounts/${id}/disable`, {});
    await forget(username);
    await forget(off);
    const { username: last } = await someone();
    await forget(last);
    await mail.letterTo(last, /^Choose a new password/);
    expect(mail.letters.filter(({ to }) => to === username || to === off)).toEqual([]);
  });
});

describe('a link', () => {
  const aReset = async () => {
    const { username } = await someone();
    await forget(username);
    return linkIn(await mail.letterTo(username, /^Choose a new password/));
  };
  const anInvitation = async () => {
    const username = `person-${++number}@example.test`;
    await world.post('/v1/accounts', { username, email: username, invite: true });
    return linkIn(await mail.letterTo(username, /^Your account at/));
  };
  const aConfirmation = async () => {
    const { id, username } = await someone({ email_verified: false });
    await world.post(`/v1/accounts/${id}/confirm-email`, {});
    return linkIn(await mail.letterTo(username, /^Confirm your address/));
  };
  const aStranger = async () => {
    const { username } = await someone();
    const browser = (agent: string) => new Person(username, password, { 'user-agent': agent });
    await browser('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0').follow(
      `${world.server.issuer}/sign-in`,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const thief = browser(
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15',
    );
    await thief.follow(`${world.server.issuer}/sign-in`);
    const letter = await mail.letterTo(username, /^New sign-in from Safari/);
    return { link: linkIn(letter), thief, username };
  };
  const both = { new: 'another long password', repeat: 'another long password' };

  it.each([
    ['of a forgotten password', aReset, both],
    ['of an invitation', anInvitation, both],
    ['that confirms an address', aConfirmation, {}],
    ['that disowns a sign-in', async () => (await aStranger()).link, {}],
  ])(
    '%s, used 50 times at once at two nodes, is used once',
    async (_, make, fields) => {
      const counts = await together(await make(), fields);
      // A request that hashing cannot take on is told to come again, and used nothing.
      const { 303: done = 0, 410: gone = 0 } = counts;
      expect([done, done + gone]).toEqual([1, 50]);
    },
    60_000,
  );

  it('that disowns a sign-in ends everything, and leads on to a new password', async () => {
    const { link, thief, username } = await aStranger();
    const tokens = await world.signIn(thief);
    const next = await fill(link, {});
    expect(next.body).toContain('Choose a new password');
    expect(await world.introspect(tokens.access_token)).toEqual({ active: false });
    expect((await thief.open(`${world.server.issuer}/sessions`)).url.pathname).toBe('/sign-in');
    // The password that somebody else knows works no more.
    const again = await new Person(username, password).follow(`${world.server.issuer}/sign-in`);
    expect(again.body).toContain('Wrong username or password');
    expect((await choose(next.url.href, 'another long password')).body).toContain('Your password is set');
    expect((await world.signIn(new Person(username, 'another long password'))).sid).toBeTruthy();
  });

  it.each(['/link/password_reset/AAAA', '/link/nonsense/x', `/link/invitation/${'A'.repeat(43)}`])(
    'that is none is answered by a way on: %s',
    async (path) => {
      const page = await new Person('', '').open(`${world.server.issuer}${path}`);
      expect([page.status, page.body.includes('Get a new link')]).toEqual([410, true]);
    },
  );

  it('of one purpose is good for no other one', async () => {
    const link = await aConfirmation();
    const turned = link.replace('email_verification', 'password_reset');
    expect((await new Person('', '').open(turned)).status).toBe(410);
    expect((await new Person('', '').open(link)).status).toBe(200);
  });

  it('that was sent to an address acts no more once the account has another one', async () => {
    const username = `person-${++number}@example.test`;
    const made = await world.post('/v1/accounts', { username, email: username, invite: true });
    const invitation = linkIn(await mail.letterTo(username, /^Your account at/));
    const { id, username: known } = await someone();
    await forget(known);
    const reset = linkIn(await mail.letterTo(known, /^Choose a new password/));
    for (const account of [made.body.id, id]) {
      const body = { email: `moved-${account}@example.test` };
      expect((await world.call('PATCH', `/v1/accounts/${account}`, { body })).status).toBe(200);
    }
    for (const link of [invitation, reset])
      expect((await choose(link, 'another long password')).status).toBe(410);
    const { body } = await world.get(`/v1/accounts/${made.body.id}`);
    expect(body).toMatchObject({ has_password: false, email_verified: false });
  });

  it('is in no table, sealed or not', async () => {
    const { username } = await someone();
    await forget(username);
    const token = linkIn(await mail.letterTo(username, /^Choose/))
      .split('/')
      .at(-1)!;
    const rows = await world.database.query('SELECT row_to_json(l)::text AS row FROM one_time_link l');
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

/** The language in which an account is written to. */
const spoken = async (id: string) =>
  (
    await world.database.query<{ language: string | null }>(
      'SELECT language FROM account_profile WHERE account_id = $1',
      [id],
    )
  )[0]?.language;
/** Waits until an account is written to in this language. */
const speaks = async (id: string, language: string) => {
  for (let turn = 0; turn < 200 && (await spoken(id)) !== language; turn++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await spoken(id)).toBe(language);
};

describe('a letter that nobody asked for', () => {
  const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const safari =
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15';

  it('is in the language of the pages on which its person signs in, which a sign-in from a new place does not change for a day', async () => {
    const { id, username } = await someone();
    expect(await spoken(id)).toBeNull();
    const signIn = (agent: string, language: string) =>
      new Person(username, password, { 'user-agent': agent, 'accept-language': language }).follow(
        `${world.server.issuer}/sign-in`,
      );
    const change = () =>
      world.call('PUT', `/v1/accounts/${id}/password`, { body: { password, must_change_password: false } });
    await signIn(firefox, 'de-AT, en;q=0.5');
    await speaks(id, 'de');
    await signIn(safari, 'en');
    const told = await mail.letterTo(username, /^Neue Anmeldung von Safari/);
    expect((await new Person('', '').open(linkIn(told))).status).toBe(200);
    // Events are told in their order: the letter about the password comes after all that the sign-ins before it have taught.
    await signIn(safari, 'en');
    expect((await change()).status).toBe(200);
    expect((await mail.letterTo(username, /^Ihr Konto bei .* wurde geändert$/)).text).toContain(
      'wurde das Passwort geändert',
    );
    await world.database.query(
      `UPDATE known_place SET seen_at = seen_at - interval '2 days' WHERE account_id = $1`,
      [id],
    );
    await signIn(safari, 'en');
    await speaks(id, 'en');
    await change();
    await mail.letterTo(username, /^Your account at .* was changed$/);
    const kept = await world.post(`/v1/accounts/${id}/export`, {});
    expect(kept.body.account).toMatchObject({ language: 'en' });
  }, 60_000);

  it('is in the language of the page on which its person signed in to allow a device', async () => {
    const { id, username } = await someone();
    const device = {
      client_name: 'Television',
      grant_types: [deviceGrant],
      token_endpoint_auth_method: 'none',
    };
    const { client_id } = (await world.post('/v1/clients', { ...device, resources: [orders] })).body;
    const person = new Person(username, password, { 'accept-language': 'de-AT' });
    const tokens = await world.signInRaw(person, { client_id, resource: orders, scope: 'openid' });
    expect(tokens).toHaveProperty('access_token');
    await speaks(id, 'de');
  });
});

describe('another address that a person wants', () => {
  const addressOf = async (id: string) => {
    const { email, email_verified: isVerified } = (await world.get(`/v1/accounts/${id}`)).body;
    return [email, isVerified];
  };
  const want = async (person: Person, fields: Record<string, string>) => {
    const page = await person.follow(`${world.server.issuer}/mail`, ({ body }) =>
      body.includes('name="address"'),
    );
    const form = formsOf(page.body).find(({ markup }) => markup.includes('name="address"'))!;
    return person.submit(page, form, fields);
  };

  it('is theirs once they confirm it, with the password alone as proof, and the old one is written to', async () => {
    const { id, username, person } = await someone();
    const address = `New-${number}@Example.test`;
    for (const [fields, said] of [
      [{ address, current: 'a wrong password' }, 'This is not your current password.'],
      [{ address: 'nonsense', current: password }, 'This is not an address of email.'],
    ] as const) {
      const again = await want(person, fields);
      expect([again.status, again.body.includes(said)]).toEqual([422, true]);
    }
    expect((await want(person, { address, current: password })).body).toContain('A mail is on its way.');
    expect(await addressOf(id)).toEqual([username, true]);
    const told = await mail.letterTo(username, /^Another address was asked for/);
    expect(told.text).not.toContain('new-');
    const link = linkIn(await mail.letterTo(address.toLowerCase(), /^Confirm your new address/));
    expect((await new Person('', '').open(link)).body).toContain(address.toLowerCase());
    expect(await addressOf(id)).toEqual([username, true]);
    expect(await together(link, { act: 'email_change' })).toEqual({ 303: 1, 410: 49 });
    expect(await addressOf(id)).toEqual([address.toLowerCase(), true]);
    await mail.letterTo(username, /^Your address at .* was changed$/);
  }, 60_000);

  it.each([
    {
      ...{ owner: 'de', asker: 'en', confirm: /^Confirm your new address/ },
      ...{
        asked: /^Bei .* wurde eine andere Adresse angefordert$/,
        changed: /^Ihre Adresse bei .* wurde geändert$/,
      },
    },
    {
      ...{ owner: 'en', asker: 'de', confirm: /^Bestätigen Sie Ihre neue Adresse bei / },
      ...{ asked: /^Another address was asked for/, changed: /^Your address at .* was changed$/ },
    },
  ])(
    'is confirmed by a letter in the language of the page ($asker), while the present one is told in that of its owner ($owner) whoever asks',
    async ({ owner, asker, confirm, asked, changed }) => {
      const { id, username } = await someone();
      const inLanguage = (tag: string) => new Person(username, password, { 'accept-language': tag });
      await inLanguage(owner).follow(`${world.server.issuer}/sign-in`);
      await speaks(id, owner);
      const address = `new-${number}@example.test`;
      expect((await want(inLanguage(asker), { address, current: password })).status).toBe(200);
      const link = linkIn(await mail.letterTo(address, confirm));
      await mail.letterTo(username, asked);
      await fill(link, {});
      await mail.letterTo(username, changed);
      expect(await addressOf(id)).toEqual([address, true]);
    },
    60_000,
  );

  it('is told to an address that nobody has confirmed as well, in words that no stranger there can act by', async () => {
    const { id, username, person } = await someone({ email_verified: false });
    const address = `thief-${number}@example.test`;
    await want(person, { address, current: password });
    const { text } = await mail.letterTo(username, /^Another address was asked for/);
    expect([text.includes('/link/'), text.includes('tell your administrator')]).toEqual([false, true]);
    await fill(linkIn(await mail.letterTo(address, /^Confirm your new address/)), {});
    await mail.letterTo(username, /^Your address at .* was changed$/);
    expect(await addressOf(id)).toEqual([address, true]);
  }, 60_000);

  it('is not taken after the password was changed, after a sign-in was disowned, or from another account', async () => {
    const { id, username, person } = await someone();
    const taken = await someone();
    const linkTo = async (address: string) => {
      await want(person, { address, current: password });
      return linkIn(await mail.letterTo(address, /^Confirm your new address/));
    };
    expect((await fill(await linkTo(taken.username), {})).status).toBe(410);
    const disowned = linkIn(await mail.letterTo(username, /^Another address was asked for/));
    const link = await linkTo(`thief-${number}@example.test`);
    expect((await fill(disowned, {})).url.pathname).toContain('/link/password_reset/');
    expect((await fill(link, {})).status).toBe(410);
    expect(await addressOf(id)).toEqual([username, true]);
  }, 60_000);
});

describe('a mail server that is away', () => {
  afterEach(() => {
    mail.away = false;
    mail.refusal = undefined;
  });

  it('stops no act: the mail waits, is seen to wait, and arrives', async () => {
    mail.away = true;
    const username = 'late@example.test';
    expect((await world.post('/v1/accounts', { username, email: username, invite: true })).status).toBe(201);
    let waiting = { failing: 0 };
    for (let turn = 0; waiting.failing === 0 && turn < 100; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      waiting = (await world.get('/v1/stats')).body.mail;
    }
    expect(waiting).toMatchObject({
      failing: expect.any(Number),
      last_cause: expect.stringMatching(/^[A-Z]+/),
    });
    const { items } = (await world.get('/v1/doctor')).body;
    expect(items.find(({ name }: { name: string }) => name === 'mail')).toMatchObject({
      state: 'wrong',
      detail: expect.stringMatching(/^\d+ could not be sent, the oldest \d+ minutes ago \([A-Z]+/),
      advice: expect.stringContaining('look at the mail server and CURFEW_SMTP_URL'),
    });
    mail.away = false;
    await world.database.query("UPDATE mail SET next_attempt_at = now() - interval '1 hour'");
    await choose(linkIn(await mail.letterTo(username, /^Your account at/)), password);
  }, 60_000);

  it('keeps a mail until it expires, and it is not sent afterwards', async () => {
    mail.away = true;
    const [late, other] = ['too-late@example.test', 'in-time@example.test'];
    for (const username of [late, other])
      await world.post('/v1/accounts', { username, email: username, invite: true });
    const waiting = () =>
      world.database.query<{ id: string; tried: boolean; hours: number }>(
        `SELECT m.id, m.last_cause IS NOT NULL AS tried, round(extract(epoch FROM m.expires_at - m.created_at) / 3600)::int AS hours
         FROM mail m JOIN account a ON a.id = m.account_id WHERE a.username = ANY($1::text[])`,
        [[late, other]],
      );
    // An attempt that is under way goes by the expiry that it read, and could succeed once the server is back.
    for (let turn = 0; !(await waiting()).every(({ tried }) => tried) && turn < 200; turn++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await waiting()).map(({ tried, hours }) => [tried, hours])).toEqual([
      [true, 72],
      [true, 72],
    ]);
    await world.database.query(
      `UPDATE mail SET expires_at = now() - interval '1 second' FROM account a WHERE a.id = account_id AND a.username = $1`,
      [late],
    );
    mail.away = false;
    await world.database.query("UPDATE mail SET next_attempt_at = now() - interval '1 hour'");
    await mail.letterTo(other, /^Your account at/);
    for (let turn = 0; (await waiting()).length > 0 && turn < 200; turn++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect([await waiting(), mail.letters.filter(({ to }) => to === late)]).toEqual([[], []]);
  }, 60_000);

  it('that refuses a recipient for good is not asked again', async () => {
    mail.refusal = '550 No such mailbox';
    const username = 'gone@example.test';
    await world.post('/v1/accounts', { username, email: username, invite: true });
    for (let turn = 0; turn < 100; turn++) {
      const [row] = await world.database.query<{ n: number }>('SELECT count(*)::int AS n FROM mail');
      if (row!.n === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await world.database.query('SELECT 1 FROM mail')).toEqual([]);
  });
});
