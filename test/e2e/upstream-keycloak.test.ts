import { Keycloak, keycloakFolder } from '../support/keycloak.js';
import { formsOf, type Page, Person } from '../support/person.js';
import { printedLine } from '../support/printed.js';
import { AdminWorld } from './admin-world.js';
import { until } from './upstream-world.js';

const withKeycloak = keycloakFolder === undefined ? describe.skip : describe;

withKeycloak('Keycloak as the identity provider (CURFEW_TEST_KEYCLOAK)', () => {
  const client = { id: 'curfew', secret: 'the secret of a test realm' };
  const person = { username: 'ada', password: 'a password of the company', email: 'ada@example.test' };
  let world: AdminWorld;
  let keycloak: Keycloak;

  beforeAll(async () => {
    world = await AdminWorld.start({ CURFEW_LOG_LEVEL: 'info' });
    const redirectUri = `${world.server.issuer}/sign-in/upstream/keycloak`;
    const realm = { client, redirectUri, logoutUri: `${redirectUri}/logout`, person };
    keycloak = await Keycloak.start(keycloakFolder!, realm);
    const made = await world.post('/v1/identity-providers', {
      ...{ id: 'keycloak', name: 'Company', issuer: keycloak.issuer, creates_accounts: true },
      ...{ client_id: client.id, client_secret: client.secret },
      acr_methods: [{ acr: '1', methods: ['pwd'] }],
    });
    expect([made.status, made.body]).toEqual([201, expect.anything()]);
    await until(async () =>
      (await new Person('', '').open(`${world.server.issuer}/sign-in`)).body.includes('value="keycloak"'),
    );
  }, 240_000);

  afterAll(async () => {
    await keycloak?.stop();
    await world?.stop();
  }, 60_000);

  /** Signs in here with it, at a browser of its own there. */
  async function signIn(here: Person, there = new Person(person.username, person.password)): Promise<Page> {
    const page = await here.open(`${world.server.issuer}/sign-in`);
    const form = formsOf(page.body).find(({ markup }) => markup.includes('value="keycloak"'))!;
    const asked = await here.submit(page, { ...form, markup: '' }, { upstream: 'keycloak' });
    const back = await there.follow(asked.url.href);
    expect([back.url.origin, back.url.searchParams.get('error')]).toEqual([world.server.issuer, null]);
    return here.open(back.url.href);
  }

  const isSignedIn = async (here: Person) =>
    (await here.open(`${world.server.issuer}/sessions`)).url.pathname === '/sessions';

  it('signs a person in to an account of their own, with the class that is believed', async () => {
    for (const _ of ['the first time', 'and again']) {
      const here = new Person('unused', 'unused');
      await signIn(here);
      expect(await isSignedIn(here)).toBe(true);
    }
    const linked = await world.database.query<{ username: string }>(
      `SELECT a.username FROM linked_identity l JOIN account a ON a.id = l.account_id WHERE l.issuer = '${keycloak.issuer}'`,
    );
    expect(linked).toEqual([{ username: person.username }]);
    const [told] = await world.database.query<{ data: object }>(
      `SELECT data FROM event WHERE type = 'signin.succeeded' ORDER BY xid DESC, id DESC LIMIT 1`,
    );
    expect(told!.data).toMatchObject({ acr: 'urn:curfew:acr:sfa', amr: ['pwd'] });
  });

  it('ends what came of a session when its person signs out there, and nothing else', async () => {
    const [here, elsewhere] = [new Person('unused', 'unused'), new Person('unused', 'unused')];
    const there = new Person(person.username, person.password);
    await signIn(here, there);
    await signIn(elsewhere);
    await there.follow(`${keycloak.issuer}/protocol/openid-connect/logout?client_id=${client.id}`);
    await until(async () => !(await isSignedIn(here)));
    expect(await isSignedIn(elsewhere)).toBe(true);
    await printedLine(world.server, 'upstream_logout');
  });
});
