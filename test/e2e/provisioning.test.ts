import { randomUUID } from 'node:crypto';
import { assertInvariants } from '../support/database.js';
import { Person } from '../support/person.js';
import { type AdminAnswer, AdminWorld } from './admin-world.js';

let world: AdminWorld;
beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

const core = 'urn:ietf:params:scim:schemas:core:2.0:User';
const scim = (method: string, path: string, body?: unknown): Promise<AdminAnswer> =>
  world.call(method, `/scim/v2${path}`, {
    body,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/scim+json' } }),
  });
const patch = (id: string, ...operations: readonly unknown[]) =>
  scim('PATCH', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: operations,
  });
const name = () => `s${randomUUID().slice(0, 8)}@example.test`;
async function made(members: object = {}): Promise<AdminAnswer['body']> {
  const answer = await scim('POST', '/Users', { schemas: [core], userName: name(), ...members });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body;
}
const search = (filter: string) => scim('GET', `/Users?filter=${encodeURIComponent(filter)}`);
/** An account with a password, and its session. */
async function signedIn() {
  const password = 'five plain words in a row';
  const user = await made({ password });
  const person = new Person(user.userName, password);
  return { user, person, tokens: await world.signIn(person) };
}
const eventsOf = (id: string) =>
  world.database.query<{ type: string; what: string | null }>(
    `SELECT type, coalesce(data ->> 'change', data ->> 'operation', data ->> 'reason') AS what FROM event WHERE account_id = '${id}' ORDER BY id`,
  );

describe('a User of SCIM', () => {
  it('is created, found, read, replaced and deleted', async () => {
    const userName = `Ada.${name()}`;
    const created = await scim('POST', '/Users', {
      schemas: [core, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
      ...{ userName, externalId: 'hr-1', active: true, title: 'Engineer' },
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [
        { value: 'home@example.test', type: 'home' },
        { value: 'Ada@example.test', type: 'work', primary: true },
      ],
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Engines' },
    });
    const location = `${world.adminUrl}/scim/v2/Users/${created.body.id}`;
    expect([created.status, created.headers.get('content-type'), created.headers.get('location')]).toEqual([
      ...[201, expect.stringMatching(/^application\/scim\+json/), location],
    ]);
    expect(created.body).toMatchObject({
      ...{ schemas: [core], userName: userName.toLowerCase(), externalId: 'hr-1', active: true },
      ...{ displayName: 'Ada Lovelace', emails: [{ value: 'ada@example.test', primary: true }] },
      meta: { resourceType: 'User', location },
    });
    const { id } = created.body;
    for (const filter of [
      `userName eq "${userName}"`,
      `USERNAME Eq "${userName.toUpperCase()}"`,
      `${core}:userName eq "${userName}"`,
      'externalId eq "hr-1"',
      'externalId EQ "hr\\u002D1"',
      `id eq "${id}"`,
    ]) {
      const { body } = await search(filter);
      expect([filter, body.totalResults, body.Resources[0]?.id]).toEqual([filter, 1, id]);
    }
    for (const filter of ['userName eq "nobody"', 'externalId eq "HR-1"', 'id eq "x"', 'userName eq "a b"'])
      expect((await search(filter)).body).toMatchObject({ totalResults: 0, Resources: [] });
    expect((await scim('GET', `/Users/${id}`)).body).toEqual(created.body);
    const replaced = await scim('PUT', `/Users/${id}`, {
      schemas: [core],
      id: 'another',
      userName,
      displayName: 'Ada L.',
    });
    expect(replaced.body).toMatchObject({ id, displayName: 'Ada L.', active: true });
    expect(replaced.body).not.toHaveProperty('emails');
    expect(replaced.body).not.toHaveProperty('externalId');
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204);
    for (const method of ['GET', 'DELETE'])
      expect(await scim(method, `/Users/${id}`)).toMatchObject({ status: 404, body: { status: '404' } });
  });

  it.each<readonly [string, unknown]>([
    ['as RFC 7644 writes it', { op: 'replace', path: 'active', value: false }],
    ['as Microsoft Entra writes it', { op: 'Replace', path: 'active', value: 'False' }],
    ['as Okta writes it', { op: 'replace', value: { active: false } }],
    ['by the name with its schema', { op: 'add', path: `${core}:active`, value: false }],
    ['by a name in another case', { op: 'REPLACE', value: { Active: 'false' } }],
    ['below the name of its schema', { op: 'replace', value: { [core]: { active: false } } }],
  ])(
    'that is no longer active ends with everything in one commit, and comes back without it: %s',
    async (_, operation) => {
      const { user, person, tokens } = await signedIn();
      const answer = await patch(user.id, operation);
      expect([answer.status, answer.body.active]).toEqual([200, false]);
      expect(await world.introspect(tokens.access_token)).toEqual({ active: false });
      expect((await world.refresh(tokens.refresh_token))['error']).toBe('invalid_grant');
      // One transaction holds the change and the end of the session.
      const [row] = await world.database.query<{ n: number; m: number }>(
        `SELECT count(DISTINCT xid)::int AS n, count(*)::int AS m FROM event WHERE account_id = '${user.id}' AND (data ->> 'change' = 'disabled' OR type = 'session.ended')`,
      );
      expect(row).toEqual({ n: 1, m: 2 });
      expect((await patch(user.id, operation)).status).toBe(200);
      expect((await eventsOf(user.id)).filter(({ what }) => what === 'disabled')).toHaveLength(1);
      expect((await patch(user.id, { op: 'replace', path: 'active', value: true })).body.active).toBe(true);
      expect(await world.introspect(tokens.access_token)).toEqual({ active: false });
      expect((await world.refresh(tokens.refresh_token))['error']).toBe('invalid_grant');
      // The browser is signed out as well: the page asks for the password, and takes it.
      expect((await person.open(`${world.server.issuer}/sessions`)).body).toMatch(/type="password"/);
      expect((await world.signIn(new Person(user.userName, 'five plain words in a row'))).sid).toBeTruthy();
    },
  );

  it.each<readonly [string, (id: string, userName: string) => Promise<AdminAnswer>]>([
    ['PATCH', (id) => patch(id, { op: 'replace', path: 'active', value: false })],
    ['PUT', (id, userName) => scim('PUT', `/Users/${id}`, { schemas: [core], userName, active: false })],
    ['DELETE', (id) => scim('DELETE', `/Users/${id}`)],
  ])('has an id in one spelling, and is left as it is by a %s of another one', async (_, act) => {
    const { user, tokens } = await signedIn();
    const before = await eventsOf(user.id);
    expect(await act(user.id.toUpperCase(), user.userName)).toMatchObject({
      ...{ status: 404, body: { status: '404', code: 'unknown_account' } },
    });
    expect((await scim('GET', `/Users/${user.id}`)).body).toEqual(user);
    expect((await world.introspect(tokens.access_token)).active).toBe(true);
    expect(await eventsOf(user.id)).toEqual(before);
    // The same with the id as it is ends everything of it.
    expect((await act(user.id, user.userName)).status).toBeLessThan(300);
    expect(await world.introspect(tokens.access_token)).toEqual({ active: false });
    const odd = await world.database.query('SELECT 1 FROM not_before WHERE target <> lower(target)');
    expect(odd).toEqual([]);
  });

  it('is renamed and moved by operations, and its sessions go on', async () => {
    const { user, tokens } = await signedIn();
    const userName = name();
    const answer = await patch(
      user.id,
      { op: 'Replace', path: 'userName', value: userName },
      { op: 'Add', path: 'emails[type eq "work"].value', value: 'moved@example.test' },
      // One address is kept, and it is none of these.
      { op: 'Add', path: 'emails[type eq "home"].value', value: 'home@example.test' },
      { op: 'remove', path: 'emails[type eq "other"]' },
      { op: 'add', value: { displayName: 'Moved', 'name.givenName': 'M', externalId: 'e-9' } },
      { op: 'replace', path: 'title', value: 'Chief' },
      { op: 'remove', path: 'externalId' },
    );
    expect(answer.body).toMatchObject({
      userName,
      displayName: 'Moved',
      emails: [{ value: 'moved@example.test' }],
    });
    expect(answer.body).not.toHaveProperty('externalId');
    expect((await world.introspect(tokens.access_token)).active).toBe(true);
    const before = await eventsOf(user.id);
    await patch(user.id, { op: 'replace', path: 'userName', value: userName.toUpperCase() });
    expect(await eventsOf(user.id)).toEqual(before);
    expect((await patch(user.id, { op: 'remove', path: 'emails[type eq "work"]' })).body).not.toHaveProperty(
      'emails',
    );
    // The address is not taken as verified: links to new passwords do not go there.
    const { body } = await world.get(`/v1/accounts/${user.id}`);
    expect(body.email_verified).toBe(false);
  });

  it('has a name and is refused with another one that is taken', async () => {
    const { userName } = await made();
    const other = await made();
    const taken = { status: 409, body: { status: '409', scimType: 'uniqueness' } };
    expect(await scim('POST', '/Users', { schemas: [core], userName: userName.toUpperCase() })).toMatchObject(
      taken,
    );
    expect(await patch(other.id, { op: 'replace', path: 'userName', value: userName })).toMatchObject(taken);
    const both = name();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => scim('POST', '/Users', { userName: both })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
  });

  it('is listed page by page, in the order of names', async () => {
    for (let n = 0; n < 3; n += 1) await made();
    const all = (await scim('GET', '/Users?count=200')).body;
    expect(all.Resources.map(({ userName }: { userName: string }) => userName)).toEqual(
      all.Resources.map(({ userName }: { userName: string }) => userName).sort(),
    );
    const second = (await scim('GET', '/Users?startIndex=2&count=2')).body;
    expect(second).toMatchObject({ totalResults: all.totalResults, startIndex: 2, itemsPerPage: 2 });
    expect(second.Resources).toEqual(all.Resources.slice(1, 3));
    expect((await scim('GET', '/Users?startIndex=-3&count=-1')).body).toMatchObject({
      startIndex: 1,
      itemsPerPage: 0,
    });
    const few = (await scim('GET', '/Users?count=1&attributes=userName,name.formatted')).body.Resources[0];
    expect(Object.keys(few).sort()).toEqual(['id', 'schemas', 'userName']);
    expect(
      (await scim('GET', '/Users?count=1&excludedAttributes=meta')).body.Resources[0],
    ).not.toHaveProperty('meta');
  });

  it.each<readonly [string, string]>([
    ['nothing', ''],
    ['another operator', 'userName sw "a"'],
    ['two comparisons', 'userName eq "a" and active eq true'],
    ['an attribute that is not compared', 'displayName eq "a"'],
    ['a text without quotation marks', 'userName eq a'],
    ['a quotation mark too few', 'userName eq "a'],
    ['something behind it', 'userName eq "a" "b"'],
    ['a member of every object', 'constructor eq "a"'],
    ['a character that no column holds', 'externalId eq "\\u0000"'],
    ['half a character', 'externalId eq "\\ud800"'],
    ['an escape in capitals', 'userName eq "\\N"'],
    ['a code in capitals', 'userName eq "\\U0041"'],
    ['SQL', `externalId eq "'; DROP TABLE account; --`],
  ])('is not looked for by a filter with %s', async (_, filter) => {
    expect(await search(filter)).toMatchObject({
      status: 400,
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], scimType: 'invalidFilter' },
    });
  });

  it.each<readonly [string, unknown, number, string | undefined]>([
    ['an operation that is none', { op: 'move', path: 'active', value: true }, 400, 'invalidSyntax'],
    ['no target', { op: 'remove' }, 400, 'noTarget'],
    ['an attribute that does not exist', { op: 'replace', path: 'activ', value: false }, 400, 'invalidPath'],
    ['such an attribute in a value', { op: 'replace', value: { activ: false } }, 400, 'invalidPath'],
    [
      'a schema that is not known',
      { op: 'replace', value: { 'urn:example:User': { active: false } } },
      ...([400, 'invalidPath'] as const),
    ],
    [
      'a schema that only begins as a known one',
      {
        op: 'replace',
        value: { 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:Users': { active: false } },
      },
      ...([400, 'invalidPath'] as const),
    ],
    ['a schema without attributes', { op: 'add', value: { [core]: 'active' } }, 400, 'invalidValue'],
    ['a value that is no flag', { op: 'replace', path: 'active', value: 'no' }, 400, 'invalidValue'],
    ['no active at all', { op: 'remove', path: 'active' }, 400, 'invalidValue'],
    ['no name', { op: 'remove', path: 'userName' }, 400, 'invalidValue'],
    ['a name with spaces', { op: 'replace', path: 'userName', value: 'a b' }, 400, 'invalidValue'],
    ['a list in place of a text', { op: 'replace', path: 'displayName', value: ['a'] }, 400, 'invalidValue'],
    [
      'an address that is none',
      { op: 'replace', path: 'emails', value: [{ value: 'x' }] },
      400,
      'invalidValue',
    ],
    ['a value without attributes', { op: 'add', value: 'active' }, 400, 'invalidValue'],
    ['a password', { op: 'replace', path: 'password', value: 'another' }, 400, 'mutability'],
    ['no operation', undefined, 400, 'invalidSyntax'],
  ])('is not changed by %s, nor by what stands before it', async (_, operation, status, keyword) => {
    const user = await made();
    const before = { op: 'replace', path: 'displayName', value: 'changed' };
    const answer = await patch(user.id, ...(operation === undefined ? [] : [before, operation]));
    expect([answer.status, answer.body.scimType, answer.body.status]).toEqual([
      status,
      keyword,
      String(status),
    ]);
    expect((await scim('GET', `/Users/${user.id}`)).body).toEqual(user);
  });

  it('is out of reach without a token, without the scope, and for those who hold less than it', async () => {
    const path = '/scim/v2/Users';
    expect(await world.call('GET', path, { token: null })).toMatchObject({
      status: 401,
      body: { status: '401' },
    });
    const reading = await world.token('accounts:read');
    expect(await world.call('POST', path, { token: reading, body: { userName: name() } })).toMatchObject({
      ...{ status: 403, body: { status: '403', code: 'insufficient_scope' } },
    });
    const nowhere = await world.get('/scim/v2/Groups');
    expect([nowhere.status, nowhere.headers.get('content-type')]).toEqual([404, 'application/scim+json']);
  });
});

it('SCIM says what it knows', async () => {
  expect((await scim('GET', '/ServiceProviderConfig')).body).toMatchObject({
    ...{ patch: { supported: true }, bulk: { supported: false }, etag: { supported: false } },
    filter: { supported: true, maxResults: 200 },
  });
  const types = (await scim('GET', '/ResourceTypes')).body.Resources;
  expect(types).toEqual([(await scim('GET', '/ResourceTypes/User')).body]);
  expect(types[0]).toMatchObject({ endpoint: '/Users', schema: core });
  const all = (await scim('GET', '/Schemas')).body.Resources;
  expect(all).toEqual([(await scim('GET', `/Schemas/${core}`)).body]);
  expect((await scim('GET', '/Schemas/urn:x')).status).toBe(404);
});
