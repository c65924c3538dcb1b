import type { Requirement } from '@curfew/resource-server';
import { readAsked } from '@curfew/web';
import type { Route } from './route.js';
import { RouteTable } from './route-table.js';

type Changes = Partial<Route['match']> & Partial<Omit<Route, 'match' | 'name'>>;

const route = (name: string, { hosts, schemes, path, methods, caseSensitive, ...more }: Changes): Route => ({
  name,
  match: {
    hosts: hosts ?? ['a.test'],
    schemes: schemes ?? ['https'],
    path: path ?? '/**',
    methods: methods ?? [],
    caseSensitive,
  },
  api: null,
  required: {},
  upstream: undefined,
  passToken: false,
  browser: undefined,
  ...more,
});
const asked = (url: string, method = 'GET') => {
  const [, scheme = '', host = '', target = ''] = /^(\w+):\/\/([^/]+)(.*)$/.exec(url) ?? [];
  const read = readAsked({ method, scheme, host, target });
  if (typeof read === 'string') throw new TypeError(read);
  return read;
};

describe('the route table', () => {
  const table = new RouteTable(
    [
      route('exact', { path: '/orders' }),
      route('one', { path: '/orders/*/lines' }),
      route('below', { path: '/orders/**' }),
      route('dots', { path: '/v1.0/x+y' }),
      route('deleting', { path: '/**', methods: ['DELETE'] }),
      route('wild', { hosts: ['*.b.test'] }),
      route('plain', { hosts: ['c.test:8080'], schemes: ['http'] }),
      route('local', { hosts: ['localhost'], schemes: ['http'] }),
    ],
    3222,
  );

  it.each([
    ['https://a.test/orders', 'GET', 'exact'],
    ['https://a.test/orders/7/lines', 'GET', 'one'],
    ['https://a.test/orders/7', 'GET', 'below'],
    ['https://a.test/ordersx', 'GET', undefined],
    ['https://a.test/v1.0/x+y', 'GET', 'dots'],
    ['https://a.test/v1x0/x+y', 'GET', undefined],
    ['https://a.test/anything', 'DELETE', 'deleting'],
    ['http://a.test/orders', 'GET', undefined],
    ['https://x.b.test/', 'GET', 'wild'],
    ['https://x.y.b.test/', 'GET', undefined],
    ['https://b.test/', 'GET', undefined],
    ['http://c.test:8080/', 'GET', 'plain'],
    ['http://c.test/', 'GET', undefined],
    ['http://localhost/', 'GET', 'local'],
    ['http://localhost:3222/', 'GET', 'local'],
    ['http://localhost:3223/', 'GET', undefined],
  ])('sends %s by %s to %s', (url, method, name) => expect(table.find(asked(url, method))?.name).toBe(name));

  it('takes its own port for a difference where a route names it', () => {
    const both = [route('bare', { hosts: ['a.test'] }), route('port', { hosts: ['a.test:3222'] })];
    expect(new RouteTable(both, 3222).find(asked('https://a.test:3222/'))?.name).toBe('port');
  });
});

describe('a request that upstreams read in several ways', () => {
  const admin: Requirement = { scopes: ['admin'], maxAuthAge: 60 };
  const table = new RouteTable([
    route('admin', { path: '/admin/**', api: 'a', required: admin }),
    route('report', { path: '/report', methods: ['GET'], api: 'a', required: { scopes: ['report'] } }),
    route('exactly', { path: '/Exact/**', caseSensitive: true, api: 'a', required: { scopes: ['exact'] } }),
    route('open', { path: '/open/**' }),
    route('umlaut', { path: '/%C3%A4/**', api: 'a', required: { scopes: ['umlaut'] } }),
    route('all', { api: 'a', required: { scopes: ['read'] } }),
  ]);
  const scopesFor = (path: string, method?: string) => {
    const found = table.find(asked(`https://a.test${path}`, method));
    return found?.api === null ? 'public' : found?.required.scopes;
  };

  it.each([
    ['/admin/x', ['admin']],
    ['/ADMIN/x', ['admin', 'read']],
    ['/%61dmin/x', ['admin', 'read']],
    ['/admi%6e', ['admin', 'read']],
    ['/%41dmin/x', ['admin', 'read']],
    ['/adm%C4%B1n/x', ['admin', 'read']],
    ['/report', ['report']],
    ['/report/', ['report', 'read']],
    ['/Report', ['report', 'read']],
    ['/report%3Fx', ['report', 'read']],
    ['/report/x', ['read']],
    ['/Exact/x', ['exact']],
    ['/%45xact/x', ['exact', 'read']],
    ['/exact/x', ['read']],
    ['/open/x', 'public'],
    ['/OPEN/x', ['read']],
    ['/%6fpen/x', ['read']],
    ['/%C3%A4/x', ['umlaut']],
    ['/%c3%a4/x', ['umlaut', 'read']],
    ['/%C3%84/x', ['umlaut', 'read']],
    ['/other', ['read']],
    ['/%6Fther', ['read']],
  ])('must meet every route that one of them leads to: %s', (path, scopes) =>
    expect(scopesFor(path)).toEqual(scopes),
  );

  it('is answered for HEAD by what answers GET', () => {
    expect(scopesFor('/report', 'HEAD')).toEqual(['report', 'read']);
    expect(scopesFor('/report', 'POST')).toEqual(['read']);
  });

  it('keeps the shortest limits, and passes nobody where no request could meet all', () => {
    expect(table.find(asked('https://a.test/ADMIN/x'))?.required.maxAuthAge).toBe(60);
    const impossible = (one: Changes, other: Changes) =>
      new RouteTable([route('one', { path: '/one', ...one }), route('other', other)]).find(
        asked('https://a.test/ONE'),
      )?.closed;
    expect(impossible({ api: 'a' }, { api: 'b' })).toBe(true);
    expect(impossible({ api: 'a' }, {})).toBeUndefined();
    expect(impossible({ upstream: new URL('http://x.test') }, {})).toBe(true);
    expect(impossible({ required: { acrValues: ['1'] } }, { required: { acrValues: ['2'] } })).toBe(true);
    expect(impossible({ closed: true }, {})).toBe(true);
  });

  it('passes nobody where one reading leads to no route', () => {
    const alone = new RouteTable([route('admin', { path: '/admin/**' })]);
    expect(alone.find(asked('https://a.test/Admin/x'))).toBeUndefined();
  });

  it.each([
    ['/admin.json', ['admin', 'read']],
    ['/Admin.JSON', ['admin', 'read']],
    ['/admin%2ejson', undefined],
    ['/adm%69n.json', ['admin', 'read']],
    ['/admin.a.b', ['admin', 'read']],
    ['/admin.json/', ['admin', 'read']],
    ['/admin.json?x', ['admin', 'read']],
    ['/admin.%6ason', ['admin', 'read']],
    ['/report.xml', ['report', 'read']],
    ['/open.txt', ['read']],
    ['/open/x.txt', 'public'],
    ['/administration.json', ['read']],
    ['/admin.json/x', ['read']],
    ['/x/admin.json', ['read']],
    ['/.admin', ['read']],
  ])('must meet the route for the same path without its extension: %s', (path, scopes) => {
    const read = readAsked({ method: 'GET', scheme: 'https', host: 'a.test', target: path });
    expect(typeof read === 'string' ? undefined : scopesFor(path)).toEqual(scopes);
  });

  it('has an extension that is part of the name where its route allows that, or another upstream serves it', () => {
    const reach = (of: Changes, at: Changes) =>
      new RouteTable([
        route('app', { path: '/app/**', api: 'a', required: { scopes: ['app'] }, ...of }),
        route('files', at),
      ]).find(asked('https://a.test/app.js'))?.api;
    const [one, other] = [new URL('http://one.test'), new URL('http://other.test')];
    expect(reach({}, {})).toBe('a');
    expect(reach({}, { allow: ['extension'] })).toBeNull();
    expect(reach({ allow: ['extension'] }, {})).toBe('a');
    expect(reach({ upstream: one }, { upstream: one })).toBe('a');
    expect(reach({ upstream: one }, { upstream: other })).toBeNull();
  });

  it('meets the later route, too, where an encoded slash might be one', () => {
    const projects = new RouteTable([
      route('raw', { path: '/p/*/raw', allow: ['encoded-slash'] }),
      route('rest', { path: '/p/**', api: 'a', allow: ['encoded-slash'], required: { scopes: ['read'] } }),
    ]);
    expect(projects.find(asked('https://a.test/p/a/raw'))?.api).toBeNull();
    expect(projects.find(asked('https://a.test/p/a%2Fb/raw'))).toMatchObject({
      api: 'a',
      allow: ['encoded-slash'],
    });
  });
});
