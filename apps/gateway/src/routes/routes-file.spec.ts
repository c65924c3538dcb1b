import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptRoute, keptRouteFaults } from '@curfew/config';
import { readRoutesFile, route, timeoutClass } from './routes-file.js';

const good = `proxies: [127.0.0.1]
forwarded: [x-forwarded]
apis:
  orders: { audience: https://orders.example.test, clientId: orders-api, clientSecretVariable: SECRET }
routes:
  - name: admin
    hosts: [orders.example.test]
    path: /admin/**
    api: orders
  - name: open
    hosts: [orders.example.test]
    public: true
`;

let folder: string;
let location: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'curfew-routes-'));
  location = join(folder, 'routes.yaml');
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string) {
  await writeFile(location, text);
  return readRoutesFile(location, 'https://login.example.test', {
    SECRET: 'a secret of the client',
    COOKIES: 'a secret of the cookies of browsers',
  });
}

/** The faults, each without the name of the file. */
const faultsOf = (text: string): Promise<readonly string[]> =>
  read(text).then(
    () => [],
    (error: { faults: readonly string[] }) => error.faults.map((fault) => fault.replace(location, 'f')),
  );

describe('a routes file', () => {
  it('is followed where nothing is wrong', async () => {
    const { routes, apis } = await read(good);
    expect([routes.map(({ name }) => name), apis.map(({ clientSecret }) => clientSecret)]).toEqual([
      ['admin', 'open'],
      ['a secret of the client'],
    ]);
  });

  it('signs people in where the gateway passes requests on itself, or is asked about them', async () => {
    const browser = `browsers:
  shop: { api: orders, clientId: shop, clientSecretVariable: SECRET, cookieSecretVariable: COOKIES }
`;
    const text = good
      .replace('routes:\n', `${browser}routes:\n`)
      .replace('api: orders\n  - name: open', 'api: orders\n    browser: shop\n  - name: open');
    expect((await read(text)).routes.map((one) => [one.browser, one.upstream])).toEqual([
      ['shop', undefined],
      [undefined, undefined],
    ]);
    expect(await faultsOf(text.replace('forwarded: [x-forwarded]\n', ''))).toEqual([
      'f:7: routes.0: has a browser client and needs an upstream',
    ]);
    // At a host with an upstream the gateway passes everything on, so that nobody asks about this route.
    const passedOn =
      'f:8: routes.0: has a browser client and needs an upstream, because another route of its host has one';
    for (const host of ['orders.example.test', '"*.example.test"']) {
      const open = `name: open\n    upstream: http://127.0.0.1:8080\n    hosts: [${host}]`;
      expect(await faultsOf(text.replace('name: open\n    hosts: [orders.example.test]', open))).toEqual([
        passedOn,
      ]);
    }
    const elsewhere = 'name: open\n    upstream: http://127.0.0.1:8080\n    hosts: [open.example.test]';
    expect(await faultsOf(text.replace('name: open\n    hosts: [orders.example.test]', elsewhere))).toEqual(
      [],
    );
  });

  it.each([
    ['100,000 unless given', '', 100_000],
    ['by name', ', maxTokens: 7', 7],
    ['by the former name', ', mostTokens: 7', 7],
    ['by name before the former one', ', mostTokens: 8, maxTokens: 7', 7],
  ])('bounds the tokens that are remembered, %s', async (_, given, bound) => {
    const { apis } = await read(good.replace('Variable: SECRET', `Variable: SECRET${given}`));
    expect(apis.map(({ maxTokens }) => maxTokens)).toEqual([bound]);
  });

  it.each([
    [
      'a host in capitals',
      'hosts: [orders',
      'hosts: [ORDERS',
      ['f:7: routes.0.hosts.0: must be a host name'],
    ],
    ['a field nobody knows', 'path: /admin', 'paths: /admin', ['f:8: routes.0.paths: is not known here']],
    ['an api that is missing', 'api: orders', 'api: order', ['f:9: routes.0.api: names an api that is not']],
    [
      'neither an api nor public',
      '    public: true\n',
      '',
      ['f:10: routes.1: must name an api or be public'],
    ],
    ['a name twice', 'name: open', 'name: admin', ['f:10: routes.1.name: is the name of an earlier route']],
    ['a network that is none', '[127.0.0.1]', '[localhost]', ['f:1: proxies.0: must be an address']],
    [
      'a secret nobody set',
      ': SECRET',
      ': SECRETS',
      ['f:4: apis.orders.clientSecretVariable: cannot be read'],
    ],
    ['no secret at all', ', clientSecretVariable: SECRET', '', ['f:4: apis.orders: clientSecretFile or']],
    [
      'a key twice',
      'path: /admin/**',
      'name: again',
      ['f:8: is neither YAML nor JSON: Map keys must be unique'],
    ],
    ['no YAML', 'proxies: [', 'proxies: [[', ['f:2: is neither YAML nor JSON']],
  ])('is refused with line and field: %s', async (_, from, to, faults) => {
    const found = await faultsOf(good.replace(from, to));
    expect(found).toHaveLength(faults.length);
    for (const [at, fault] of faults.entries()) expect(found[at]).toContain(fault);
  });

  it('has all its faults told at once, and no value of it', async () => {
    const found = await faultsOf(
      good.replace('/admin/**', 'a-value').replace('public: true', 'public: a-value'),
    );
    expect(found.map((fault) => fault.split(' ')[0])).toEqual(['f:8:', 'f:12:']);
    expect(found.join()).not.toContain('a-value');
  });

  it('is not followed where aliases make much of little', async () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b]\n`;
    expect((await faultsOf(`${bomb}${good}`))[0]).toMatch(/^f:1: .*(alias|is not known here)/);
  });
});

describe('a member of a route', () => {
  const inCamelCase = (name: string) =>
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const keptTimeouts = keptRoute.shape.timeouts.unwrap().shape;

  it('is one of the file and one of the routes that operators keep', () => {
    // A kept route has its name and its API beside its members.
    const ofFile = Object.keys(route.shape).filter((name) => name !== 'name' && name !== 'api');
    expect(Object.keys(keptRoute.shape).map(inCamelCase).sort()).toEqual(ofFile.sort());
    expect(Object.keys(keptTimeouts).map(inCamelCase).sort()).toEqual(Object.keys(timeoutClass.shape).sort());
  });

  it('is described in docs/gateway.md', async () => {
    const page = await readFile('docs/gateway.md', 'utf8');
    const members = [...Object.keys(route.shape), ...Object.keys(timeoutClass.shape)];
    expect(members.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  /** Values of the members that demand something, which a public route cannot do; the others say where it is and how it is served. */
  const demands: Record<keyof typeof keptRoute.shape, readonly unknown[]> = {
    hosts: [],
    schemes: [],
    path: [],
    case_sensitive: [],
    allow: [],
    cors: [],
    methods: [],
    public: [],
    scopes: [['orders:read']],
    acr: [['urn:curfew:acr:mfa']],
    timeouts: Object.keys(keptTimeouts).map((name) => ({ [name]: '15m' })),
    activity: [],
    upstream: [],
    pass_token: [],
    browser: [],
  };
  const cases = Object.entries(demands).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  );

  it.each(cases)('is refused on a public route if it demands something: %s %j', (name, value) => {
    const open = { hosts: ['orders.example.test'], public: true };
    expect(keptRouteFaults(keptRoute.parse(open))).toEqual([]);
    expect(keptRouteFaults(keptRoute.parse({ ...open, [name]: value }))).toEqual([
      'is public and cannot require anything',
    ]);
  });
});
