import { randomUUID } from 'node:crypto';
import { LinkedIdentities } from '@curfew/accounts/identity-providers';
import { instant } from '@curfew/session-policy';
import { enrol, withoutFactors } from '../support/authenticator.js';
import type { IdentityProvider } from '../support/identity-provider.js';
import { MailServer } from '../support/mail-server.js';
import { formsOf, type Page, Person } from '../support/person.js';
import type { AdminWorld } from './admin-world.js';
import { newcomer, UpstreamWorld, until } from './upstream-world.js';

/** The page on which a person links their accounts elsewhere, and removes such links. */
let upstream: UpstreamWorld;
let world: AdminWorld;
let elsewhere: IdentityProvider;
let mail: MailServer;

beforeAll(async () => {
  mail = await MailServer.start();
  const mails = { CURFEW_SMTP_URL: mail.url, CURFEW_MAIL_FROM: 'Example <no-reply@example.test>' };
  upstream = await UpstreamWorld.start(
    { ...mails, CURFEW_DELIVERY_INTERVAL: '100ms' },
    { creates_accounts: true },
  );
  ({ world, elsewhere } = upstream);
}, 120_000);

afterAll(async () => {
  await upstream?.stop();
  await mail?.close();
});

/** Somebody with an account and a password, who is not signed in. */
const holder = (number: number) => {
  const { username, password } = world.data.accounts[number]!;
  return { username, password, person: new Person(username, password) };
};

const ownPage = () => `${world.server.issuer}/identities`;
const open = (person: Person) =>
  person.follow(`${upstream.signInPage}?next=identities`, ({ url }) => url.pathname === '/identities');

const choose = (person: Person, page: Page, act: string, current: string, more = {}) =>
  person.submit(page, { ...formsOf(page.body)[0]!, markup: '' }, { act, current, ...more });

/** The act of removing the first link, as the form of the page names it. */
const removal = (page: Page): string => /value="(unlink [^"]+)"/.exec(page.body)?.[1] ?? 'none';

const accountOf = async (username: string): Promise<string> => {
  const [row] = await world.database.query<{ id: string }>(
    `SELECT id::text AS id FROM account WHERE username = '${username}'`,
  );
  return row!.id;
};

const changes = async (accountId: string): Promise<string[]> => {
  const rows = await world.database.query<{ change: string }>(
    `SELECT data ->> 'change' AS change FROM event WHERE type = 'account.changed' AND account_id = '${accountId}' ORDER BY xid, id`,
  );
  return rows.map(({ change }) => change).filter((change) => change.startsWith('identity_'));
};

const links = async (subject: string): Promise<string[]> => {
  const rows = await world.database.query<{ id: string }>(
    `SELECT account_id::text AS id FROM linked_identity WHERE subject = '${subject}'`,
  );
  return rows.map(({ id }) => id);
};

describe('the page of sign-ins elsewhere', () => {
  it('links one after a fresh proof, there and here, and removes it after another', async () => {
    const { person, username, password } = holder(0);
    const id = await accountOf(username);
    await world.database.query(
      `INSERT INTO account_profile (account_id, email, email_verified, updated_at) VALUES ('${id}', 'someone@example.test', true, now())
       ON CONFLICT (account_id) DO UPDATE SET email = excluded.email, email_verified = true`,
    );
    const subject = randomUUID();
    const page = await open(person);
    expect(page.body).toContain('No account that you have elsewhere is linked to this one.');
    const wrong = await choose(person, page, 'link elsewhere', 'not the password');
    expect([wrong.url.pathname, wrong.status]).toEqual(['/identities', 422]);
    const there = await choose(person, wrong, 'link elsewhere', password);
    expect([there.url.origin, there.url.searchParams.get('prompt')]).toEqual([elsewhere.issuer, 'login']);
    expect(await links(subject)).toEqual([]);
    const linked = await person.open(elsewhere.respond(there.url, subject));
    expect(linked.body).toContain('It is linked.');
    expect(await links(subject)).toEqual([id]);
    const elsewhereHere = upstream.somebody();
    await upstream.signIn(elsewhereHere, { subject, deviation: {} });
    expect(await upstream.isSignedIn(elsewhereHere)).toBe(true);
    const copy = await world.post(`/v1/accounts/${id}/export`, {});
    expect(copy.body.identities).toMatchObject([{ issuer: elsewhere.issuer, subject }]);
    const again = await person.open(ownPage());
    const kept = await choose(person, again, removal(again), 'not the password');
    expect([kept.status, await links(subject)]).toEqual([422, [id]]);
    const removed = await choose(person, kept, removal(kept), password);
    expect(removed.body).toContain('The link is removed.');
    expect(await links(subject)).toEqual([]);
    const unknown = await upstream.signIn(upstream.somebody(), { subject, deviation: {} });
    expect(unknown.body).toContain('belongs to no account');
    expect(await changes(id)).toEqual(['identity_linked', 'identity_unlinked']);
    // The change is told by mail, as every change of how somebody signs in.
    const letters = [1, 2].map(() => mail.letterTo('someone@example.test', /was changed/));
    const told = (await Promise.all(letters)).map(({ text }) => text.replaceAll(/\s+/g, ' ')).join('');
    expect(told).toContain('a sign-in with another identity provider was linked');
    expect(told).toContain('the link to a sign-in with another identity provider was removed');
  });

  it('links for nobody but the person who asked, in their own browser, once', async () => {
    const { person, password } = holder(1);
    const subject = randomUUID();
    const there = await choose(person, await open(person), 'link elsewhere', password);
    const back = elsewhere.respond(there.url, subject);
    expect((await upstream.somebody().open(back)).status).toBe(400);
    expect(await links(subject)).toEqual([]);
    await person.open(back);
    expect(await links(subject)).toHaveLength(1);
    expect((await person.open(elsewhere.respond(there.url, randomUUID()))).status).toBe(400);
    // The sign-in of one person is not for another to link.
    const second = holder(0);
    const asked = await choose(second.person, await open(second.person), 'link elsewhere', second.password);
    const taken = await second.person.open(elsewhere.respond(asked.url, subject));
    expect(taken.body).toContain('That sign-in belongs to another account here.');
    expect(await links(subject)).toEqual([await accountOf(holder(1).username)]);
  });

  it('links nothing for somebody who has signed out, or whose factors have changed, meanwhile', async () => {
    const { person, password, username } = holder(2);
    const subject = randomUUID();
    const before = await choose(person, await open(person), 'link elsewhere', password);
    await person.follow(`${world.server.issuer}/logout`);
    expect((await person.open(elsewhere.respond(before.url, subject))).status).toBe(400);
    const changed = await choose(person, await open(person), 'link elsewhere', password);
    await enrol(person, password, world.server.issuer, Date.now);
    const told = await person.open(elsewhere.respond(changed.url, subject));
    expect(told.body).not.toContain('It is linked.');
    expect(await links(subject)).toEqual([]);
    await withoutFactors(world.database, username);
  });

  it('refuses an act that it does not offer, and a form of another site', async () => {
    const { person, password } = holder(0);
    const page = await open(person);
    const form = formsOf(page.body)[0]!;
    for (const act of ['link nobody', 'unlink 0', 'link', ''])
      expect((await choose(person, page, act, password)).status).toBe(400);
    const cookie = person.cookieFor('/identities');
    const foreign = await fetch(ownPage(), {
      method: 'POST',
      body: new URLSearchParams({ ...form.fields, act: 'link elsewhere', current: password }),
      headers: { cookie, origin: 'https://elsewhere.example.test' },
      redirect: 'manual',
    });
    expect(foreign.status).toBe(403);
  });

  it('removes a link for good: no address makes it again until an operator allows that, or the person links it', async () => {
    const username = `${randomUUID()}@example.test`;
    const password = 'five plain words in a row';
    const asked = { username, password, email: username, email_verified: true, must_change_password: false };
    const { body: account } = await world.post('/v1/accounts', asked);
    const person = new Person(username, password);
    const { issuer, clientId: client_id, clientSecret: client_secret } = elsewhere;
    const { headers } = await world.get('/v1/identity-providers/elsewhere');
    const ways = { creates_accounts: true, links_by_email: true };
    const changed = await world.call('PUT', '/v1/identity-providers/elsewhere', {
      body: { name: 'elsewhere', issuer, client_id, client_secret, ...ways },
      headers: { 'if-match': headers.get('etag')! },
    });
    expect(changed.status).toBe(200);
    const subject = randomUUID();
    const claims = { email: username, email_verified: true };
    const byAddress = async (who: string = subject): Promise<boolean> => {
      const visitor = upstream.somebody();
      await upstream.signIn(visitor, { subject: who, deviation: { claims } });
      return upstream.isSignedIn(visitor);
    };
    const remove = async () => {
      const page = await open(person);
      return (await choose(person, page, removal(page), password)).body;
    };
    const unlink = async (wish: { allow?: boolean } = {}) => {
      const body = { issuer, subject, ...wish };
      const answer = await world.post(`/v1/accounts/${account.id}/unlink-identity`, body);
      return { ...answer.body, ended: answer.body.ended !== null };
    };
    await until(byAddress);
    expect(await remove()).toContain('It signs you in no more.');
    expect([await byAddress(), await byAddress(), await links(subject)]).toEqual([false, false, []]);
    const copy = await world.post(`/v1/accounts/${account.id}/export`, {});
    expect(copy.body.identities).toEqual([
      { issuer, subject, created_at: null, last_used_at: null, removed_at: expect.any(String) },
    ]);
    // Somebody else with that address there is another identity, about which nobody has said anything.
    const another = randomUUID();
    expect([await byAddress(another), await links(another)]).toEqual([true, [account.id]]);
    // An operator who takes away the link that its person has just removed opens nothing.
    expect(await unlink()).toEqual({ unlinked: false, allowed: false, ended: false });
    expect(await byAddress()).toBe(false);
    expect(await unlink({ allow: true })).toEqual({ unlinked: false, allowed: true, ended: false });
    expect(await unlink({ allow: true })).toEqual({ unlinked: false, allowed: false, ended: false });
    expect([await byAddress(), await links(subject)]).toEqual([true, [account.id]]);
    expect((await changes(account.id)).filter((change) => change === 'identity_allowed')).toHaveLength(1);
    // Nor does one who allows it take a link away.
    expect(await unlink({ allow: true })).toEqual({ unlinked: false, allowed: false, ended: false });
    // A removal by an operator says nothing of what the person wants.
    expect(await unlink()).toEqual({ unlinked: true, allowed: false, ended: true });
    expect(await byAddress()).toBe(true);
    // Both are removed by the person, and one is linked by them again.
    for (let time = 0; time < 2; time += 1) await remove();
    expect([await byAddress(), await byAddress(another)]).toEqual([false, false]);
    const there = await choose(person, await open(person), 'link elsewhere', password);
    await person.open(elsewhere.respond(there.url, subject));
    expect([await byAddress(), await byAddress(another)]).toEqual([true, false]);
  });

  it('gives nobody a second account whose link was removed, also where addresses link nobody', async () => {
    const [username, password] = [`${randomUUID()}@example.test`, 'five plain words in a row'];
    const asked = { username, password, must_change_password: false };
    const { body: account } = await world.post('/v1/accounts', asked);
    const [person, id] = [new Person(username, password), account.id];
    const { issuer, clientId: client_id, clientSecret: client_secret } = elsewhere;
    const settings = async () => {
      const { headers } = await world.get('/v1/identity-providers/elsewhere');
      const body = {
        name: 'elsewhere',
        issuer,
        client_id,
        client_secret,
        creates_accounts: true,
        links_by_email: false,
      };
      const given = { body, headers: { 'if-match': headers.get('etag')! } };
      expect((await world.call('PUT', '/v1/identity-providers/elsewhere', given)).status).toBe(200);
    };
    await settings();
    const subject = randomUUID();
    const there = await choose(person, await open(person), 'link elsewhere', password);
    await person.open(elsewhere.respond(there.url, subject));
    expect(await links(subject)).toEqual([id]);
    const page = await open(person);
    expect((await choose(person, page, removal(page), password)).body).toContain('The link is removed.');
    const claims = { preferred_username: `${randomUUID()}@example.test` };
    const refused = await upstream.signIn(upstream.somebody(), { subject, deviation: { claims } });
    expect([refused.body.includes('belongs to no account'), await links(subject)]).toEqual([true, []]);
    // So its person can link it again.
    const again = await choose(person, await open(person), 'link elsewhere', password);
    await person.open(elsewhere.respond(again.url, subject));
    expect(await links(subject)).toEqual([id]);
  });

  it('is not linked by a sign-in that was on the way when its person removed it', async () => {
    const email = `${randomUUID()}@example.test`;
    const { body } = await world.post('/v1/accounts', { username: email, email, email_verified: true });
    const prisma = world.database.prisma({});
    const identities = new LinkedIdentities(prisma);
    const identity = { issuer: elsewhere.issuer, subject: randomUUID() };
    const now = instant(Date.now());
    let late: Promise<boolean> | undefined;
    await prisma.$transaction(async (tx) => {
      await identities.rememberRemoval(identity, body.id, now, tx);
      late = prisma.$transaction((other) => identities.linkByAddress(identity, body.id, now, other));
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    expect(await late).toBe(false);
    expect([await links(identity.subject), await identities.isRemoved(identity)]).toEqual([[], true]);
    // The person may.
    await prisma.$transaction((tx) => identities.link(identity, body.id, now, tx));
    expect([await links(identity.subject), await identities.isRemoved(identity)]).toEqual([[body.id], false]);
  });

  it('says how to go on to somebody who has neither a password nor a passkey', async () => {
    const person = upstream.somebody();
    await upstream.signIn(person, newcomer());
    const page = await person.open(ownPage());
    expect(page.body).toContain('You have no password and no passkey here');
    expect(formsOf(page.body).filter(({ markup }) => markup.includes('name="act"'))).toEqual([]);
  });

  it('is named on the home page where there is a provider, in both languages', async () => {
    const { username, password } = world.data.accounts[0]!;
    for (const [language, title] of [
      ['en', 'Sign-ins elsewhere'],
      ['de', 'Anmeldungen anderswo'],
    ] as const) {
      const person = new Person(username, password, { 'accept-language': language });
      expect(
        (await person.follow(`${upstream.signInPage}`, ({ url }) => url.pathname === '/')).body,
      ).toContain(title);
      expect((await person.open(ownPage())).body).toContain(`<h1>${title}</h1>`);
    }
  });
});
