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

/** The documents in which directories publish their requests. */
const documents = {
  entra:
    'https://learn.microsoft.com/en-us/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups',
  entraFlags:
    'https://learn.microsoft.com/en-us/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility',
  okta: 'https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20',
  rfc7643: 'https://www.rfc-editor.org/rfc/rfc7643',
  rfc7644: 'https://www.rfc-editor.org/rfc/rfc7644',
} as const;

/** A User as the case before found or made it. */
interface Provisioned {
  readonly id: string;
  readonly userName: string;
}
/** A published request: the document and its part, and the answer that it must get. */
type Published = readonly [
  document: keyof typeof documents,
  part: string,
  send: (user: Provisioned) => Promise<AdminAnswer>,
  status: number,
  expected: (user: Provisioned) => object,
];
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const gone = { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '404' };
const changed = (members: object) => (user: Provisioned) => ({ id: user.id, ...members });
const work = (value: string) => ({ emails: [{ value, type: 'work', primary: true }] });

const published: readonly Published[] = [
  [
    ...(['entra', 'Create User'] as const),
    () =>
      scim('POST', '/Users', {
        schemas: [core, enterprise],
        ...{ externalId: randomUUID(), userName: name(), active: true, roles: [] },
        emails: [{ primary: true, type: 'work', value: 'new@example.test' }],
        meta: { resourceType: 'User' },
        name: { formatted: 'Given Family', familyName: 'Family', givenName: 'Given' },
      }),
    201,
    () => ({ active: true, displayName: 'Given Family', ...work('new@example.test') }),
  ],
  [
    ...(['entra', 'Get User'] as const),
    ({ id }) => scim('GET', `/Users/${id}`),
    200,
    (user) => ({ ...user, active: true, meta: { resourceType: 'User' } }),
  ],
  [
    ...(['entra', 'Get User by query'] as const),
    ({ userName }) => search(`userName eq "${userName}"`),
    200,
    ({ id }) => ({ totalResults: 1, startIndex: 1, Resources: [{ id }] }),
  ],
  [
    ...(['entra', 'Get User by query, in another case'] as const),
    ({ userName }) => search(`userName eq "${userName.toUpperCase()}"`),
    200,
    ({ id }) => ({ totalResults: 1, Resources: [{ id }] }),
  ],
  [
    ...(['entra', 'Get User by query, zero results'] as const),
    () => search('userName eq "non-existent user"'),
    200,
    () => ({
      ...{ schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: 0 },
      ...{ Resources: [], startIndex: 1 },
    }),
  ],
  [
    ...(['entra', 'Update User, multi-valued properties'] as const),
    ({ id }) =>
      patch(
        id,
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updated@example.test' },
        { op: 'Replace', path: 'name.familyName', value: 'Updated' },
      ),
    200,
    changed(work('updated@example.test')),
  ],
  [
    ...(['entra', 'Update User, single-valued properties'] as const),
    ({ id }) => patch(id, { op: 'Replace', path: 'userName', value: `renamed-${id}@example.test` }),
    200,
    ({ id }) => ({ id, userName: `renamed-${id}@example.test` }),
  ],
  [
    ...(['entra', 'Disable User'] as const),
    ({ id }) => patch(id, { op: 'Replace', path: 'active', value: false }),
    200,
    changed({ active: false }),
  ],
  [...(['entra', 'Delete User'] as const), ({ id }) => scim('DELETE', `/Users/${id}`), 204, () => ({})],
  [
    ...(['entra', 'Discover schema'] as const),
    () => scim('GET', '/Schemas'),
    200,
    () => ({ Resources: [{ id: core, name: 'User' }] }),
  ],
  [
    ...(['entraFlags', 'without its flag, active as a text'] as const),
    ({ id }) => patch(id, { op: 'Replace', path: 'active', value: 'False' }),
    200,
    changed({ active: false }),
  ],
  [
    ...([
      'entraFlags',
      'AzureAdScimPatch062020: an address with its mark, and a value without path',
    ] as const),
    ({ id }) =>
      patch(
        id,
        { op: 'replace', path: 'emails[type eq "work"].value', value: 'someone@example.test' },
        { op: 'replace', path: 'emails[type eq "work"].primary', value: true },
        { op: 'replace', value: { active: false, userName: `someone-${id}` } },
      ),
    200,
    ({ id }) => ({ id, userName: `someone-${id}`, active: false, ...work('someone@example.test') }),
  ],
  [
    ...(['entraFlags', 'AzureAdScimPatch062020: an attribute of the enterprise extension'] as const),
    ({ id }) => patch(id, { op: 'add', path: `${enterprise}:department`, value: 'Tech Infrastructure' }),
    200,
    (user) => ({ ...user, active: true }),
  ],
  [
    ...(['okta', 'Determine if the User object exists'] as const),
    ({ userName }) =>
      scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}&startIndex=1&count=100`),
    200,
    ({ id }) => ({ totalResults: 1, startIndex: 1, itemsPerPage: 1, Resources: [{ id }] }),
  ],
  [
    ...(['okta', 'Create the User'] as const),
    () =>
      scim('POST', '/Users', {
        schemas: [core],
        userName: name(),
        name: { givenName: 'Test', familyName: 'Person' },
        emails: [{ primary: true, value: 'test@example.test', type: 'work' }],
        ...{ displayName: 'Test Person', locale: 'en-US', externalId: randomUUID(), groups: [] },
        ...{ password: 'five plain words in a row', active: true },
      }),
    201,
    () => ({ displayName: 'Test Person', active: true, ...work('test@example.test') }),
  ],
  [
    ...(['okta', 'Retrieve a list of Users'] as const),
    () => scim('GET', '/Users?startIndex=1&count=2'),
    200,
    () => ({ startIndex: 1, itemsPerPage: 2 }),
  ],
  [
    ...(['okta', 'Retrieve a User that is not there'] as const),
    () => scim('GET', '/Users/23a35c27-23d3-4c03-b4c5-6443c09e7173'),
    404,
    () => gone,
  ],
  [
    ...(['okta', 'Update a User by PUT'] as const),
    ({ id, userName }) =>
      scim('PUT', `/Users/${id}`, {
        ...{ schemas: [core], id, userName, active: true, groups: [], meta: { resourceType: 'User' } },
        name: { givenName: 'Another', middleName: 'Excited', familyName: 'Person' },
        emails: [{ primary: true, value: 'another@example.test', type: 'work', display: 'another' }],
      }),
    200,
    (user) => ({ ...user, displayName: 'Another Person', ...work('another@example.test') }),
  ],
  [
    ...(['okta', 'Deactivate a User by PATCH'] as const),
    ({ id }) => patch(id, { op: 'replace', value: { active: false } }),
    200,
    changed({ active: false }),
  ],
  [
    ...(['okta', 'Deactivate a User by PUT'] as const),
    ({ id, userName }) => scim('PUT', `/Users/${id}`, { schemas: [core], id, userName, active: false }),
    200,
    changed({ active: false }),
  ],
  [
    ...(['okta', 'Create a User that is there already'] as const),
    ({ userName }) => scim('POST', '/Users', { schemas: [core], userName }),
    409,
    () => ({ scimType: 'uniqueness', status: '409' }),
  ],
  [
    ...(['rfc7643', 'section 8.3: an enterprise user, without the password'] as const),
    () =>
      scim('POST', '/Users', {
        schemas: [core, enterprise],
        ...{ externalId: '701984', userName: name(), displayName: 'Babs Jensen', nickName: 'Babs' },
        name: { formatted: 'Ms. Barbara J Jensen, III', honorificPrefix: 'Ms.', honorificSuffix: 'III' },
        profileUrl: 'https://login.example.com/bjensen',
        emails: [
          { value: 'bjensen@example.com', type: 'work', primary: true },
          { value: 'babs@jensen.org', type: 'home' },
        ],
        addresses: [{ type: 'work', streetAddress: '100 Universal City Plaza', primary: true }],
        phoneNumbers: [{ value: '555-555-5555', type: 'work' }],
        ims: [{ value: 'someaimhandle', type: 'aim' }],
        photos: [{ value: 'https://photos.example.com/profilephoto/72930000000Ccne/F', type: 'photo' }],
        ...{ userType: 'Employee', title: 'Tour Guide', preferredLanguage: 'en-US', locale: 'en-US' },
        ...{ timezone: 'America/Los_Angeles', active: true, groups: [{ value: 'e9e30dba' }] },
        x509Certificates: [{ value: 'MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVMx' }],
        [enterprise]: { employeeNumber: '701984', manager: { value: '26118915', displayName: 'John' } },
      }),
    201,
    () => ({ displayName: 'Babs Jensen', ...work('bjensen@example.com') }),
  ],
  [
    ...(['rfc7644', 'section 3.5.2.1: add without path'] as const),
    ({ id }) =>
      patch(id, {
        op: 'add',
        value: { emails: [{ value: 'babs@jensen.org', type: 'home' }], nickname: 'Babs' },
      }),
    200,
    changed(work('babs@jensen.org')),
  ],
  [
    ...(['rfc7644', 'section 3.5.2.3: one value of several, in full'] as const),
    ({ id }) =>
      patch(
        id,
        {
          ...{ op: 'replace', path: 'emails[type eq "work"]' },
          value: { type: 'work', value: 'whole@example.test', primary: true },
        },
        { op: 'replace', path: 'addresses[type eq "work"]', value: { streetAddress: '911 Universal' } },
        { op: 'replace', path: 'addresses[type eq "work"].streetAddress', value: '1010 Broadway Ave' },
      ),
    200,
    changed(work('whole@example.test')),
  ],
  [
    ...([
      'rfc7644',
      'section 3.5.2.3: one value of several, with names in another case and in a list',
    ] as const),
    ({ id }) =>
      patch(
        id,
        { op: 'replace', path: 'emails[type eq "work"]', value: { Value: 'first@case.test', Primary: true } },
        { op: 'replace', path: 'emails[primary eq true]', value: [{ VALUE: 'listed@example.test' }] },
      ),
    200,
    changed(work('listed@example.test')),
  ],
  [
    ...(['rfc7643', 'section 2.1: names of members in another case'] as const),
    ({ id }) =>
      patch(id, {
        op: 'replace',
        path: 'emails',
        value: [{ Value: 'b@example.test' }, { Value: 'a@example.test', PRIMARY: true }],
      }),
    200,
    changed(work('a@example.test')),
  ],
  [
    ...(['rfc7644', 'section 3.5.2.3: one value of several, as a text, which is none'] as const),
    ({ id }) => patch(id, { op: 'replace', path: 'emails[type eq "work"]', value: 'text@example.test' }),
    400,
    () => ({ scimType: 'invalidValue', status: '400' }),
  ],
  [
    ...(['rfc7644', 'section 3.4.3: a search by POST, which is not there'] as const),
    () =>
      scim('POST', '/Users/.search', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter: 'userName eq "nobody"',
      }),
    405,
    () => ({ ...gone, status: '405' }),
  ],
  [
    ...(['rfc7644', 'section 3.12: an attribute that is none'] as const),
    ({ id }) => patch(id, { op: 'replace', path: 'actve', value: false }),
    400,
    () => ({ scimType: 'invalidPath', status: '400' }),
  ],
  [
    ...(['rfc7644', 'section 4: what the service provider can'] as const),
    () => scim('GET', '/ServiceProviderConfig'),
    200,
    () => ({ patch: { supported: true }, bulk: { supported: false }, sort: { supported: false } }),
  ],
];

describe('the requests that directories publish are answered as their documents ask', () => {
  const cases = published.map(([document, part, ...rest]) => [part, documents[document], ...rest] as const);
  it.each(cases)('%s (%s)', async (_part, _document, send, status, expected) => {
    const { id, userName } = await made({ emails: [{ value: 'first@example.test', primary: true }] });
    const answer = await send({ id, userName });
    expect([answer.status, answer.text]).toEqual([status, expect.anything()]);
    if (answer.status === 204) {
      expect(await scim('GET', `/Users/${id}`)).toMatchObject({ status: 404, body: gone });
      return;
    }
    expect(answer.body).toMatchObject(expected({ id, userName }));
    expect(answer.headers.get('content-type')).toMatch(/^application\/scim\+json/);
    // A change is there for every later question, and not in the answer to it alone.
    if (status === 200 && answer.body.id === id)
      expect((await scim('GET', `/Users/${id}`)).body).toEqual(answer.body);
  });
});
