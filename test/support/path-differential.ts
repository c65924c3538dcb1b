import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { fastify } from 'fastify';
import { randomFrom } from '../../libs/session-policy/test/random-from.mjs';

/** The resource that an upstream serves for a path, by its own word; undefined if it serves nothing of its own. */
export type Served = 'admin' | 'raw' | 'exact' | 'open' | 'other';

/** A program that serves `/admin` and below, `/reports/<id>/raw`, `/Exact`, `/open` and below, and everything else, as it reads paths. */
export interface PathUpstream {
  readonly name: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** The routes under test: the first host guards three paths and lets everything else pass, the second lets one pass and guards the rest. */
export const guardedHost = 'guarded.example.test';
export const openHost = 'open.example.test';

/** As they stand in a routes file, for forward-auth and for an API of this name. */
export const routesUnderTest = (api: string): string => `
  - { name: admin, hosts: [${guardedHost}], path: /admin/**, api: ${api} }
  - { name: raw, hosts: [${guardedHost}], path: /reports/*/raw, api: ${api} }
  - { name: exact, hosts: [${guardedHost}], path: /Exact, api: ${api} }
  - { name: rest, hosts: [${guardedHost}], public: true }
  - { name: open, hosts: [${openHost}], path: /open/**, public: true }
  - { name: closed, hosts: [${openHost}], api: ${api} }
`;

const bases = [
  '/admin',
  '/admin/x',
  '/admin/x/y',
  '/reports/7/raw',
  '/Exact',
  '/open',
  '/open/x',
  '/other/x',
  '/open/../admin/x',
  '/other/../admin',
];

/** Bytes that may stand for a character elsewhere: compatibility forms, letters that change with case, characters that do not show. */
const lookalikes: Readonly<Record<string, readonly string[]>> = {
  a: ['%EF%BD%81', '%EF%BC%A1', '%C3%A0', '%D0%B0'],
  d: ['%EF%BD%84', '%E2%85%BE'],
  i: ['%C4%B1', '%C4%B0', '%EF%BD%89', '%E2%85%B0'],
  s: ['%C5%BF', '%EF%BD%93'],
  '/': [
    '%EF%BC%8F',
    '%E2%88%95',
    '%c0%af',
    '%2f',
    '%2F',
    '%5c',
    '%5C',
    '//',
    '\\',
    '/./',
    '/x/../',
    '%e0%80%af',
  ],
  '.': ['%EF%BC%8E', '%c0%ae', '%2e', '%2E'],
};
const inserted = [
  ...[
    '.',
    '..',
    '/',
    '//',
    '/.',
    './',
    '../',
    ';',
    ';x',
    ';x=1',
    '%3B',
    '%3b',
    '..;',
    '+',
    '%20',
    '%09',
    '%0a',
    '%0d%0a',
  ],
  ...[
    '%00',
    '%C2%A0',
    '%C2%AD',
    '%E2%80%8B',
    '%EF%BB%BF',
    '%2e',
    '%2e%2e',
    '%2f',
    '%5c',
    '%3f',
    '%3F',
    '%23',
    '%25',
    '%',
  ],
  ...[
    '%ff',
    '%c3',
    '%80',
    '%ed%a0%80',
    '%u0061',
    ':',
    '::$DATA',
    '~1',
    '*',
    '@',
    '|',
    '{',
    "'",
    '"',
    '<',
    '#',
    '?',
    '%c2%85',
  ],
];

/** Other spellings of paths that the routes name: encodings at every depth, letter case, dots, slashes, semicolons, UTF-8 valid and not. */
export function spelledPaths(count: number, seed: number): readonly string[] {
  const next = randomFrom(seed);
  const of = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const paths = new Set<string>();
  while (paths.size < count) {
    let path = of(bases);
    for (let changes = Math.floor(next() * next() * 4); changes >= 0; changes--)
      path = respelled(path, next, of);
    if (path.startsWith('/') && path.length < 400) paths.add(path);
  }
  return [...paths];
}

function respelled(path: string, next: () => number, of: <T>(list: readonly T[]) => T): string {
  const at = 1 + Math.floor(next() * (path.length - 1));
  const [before, character, after] = [path.slice(0, at), path[at] ?? '', path.slice(at + 1)];
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0');
  const encoded = `%${next() < 0.5 ? hex : hex.toUpperCase()}`;
  switch (Math.floor(next() * 8)) {
    case 0:
    case 1:
      return character === '' ? path : `${before}${encoded}${after}`;
    case 2:
      return `${before}${encoded.replaceAll('%', of(['%25', '%2525', '%252525']))}${after}`;
    case 3:
      return `${before}${character === character.toUpperCase() ? character.toLowerCase() : character.toUpperCase()}${after}`;
    case 4:
      return next() < 0.3
        ? path.toUpperCase()
        : `${path}${of(['/', '.', '%20', '//', '/.', ';', '?', '%3f'])}`;
    case 5:
      return `${before}${of(lookalikes[character.toLowerCase()] ?? [character])}${after}`;
    default:
      return `${before}${of(inserted)}${character}${after}`;
  }
}

const servedAt = (path: string): Served => {
  if (path === '/admin' || path.startsWith('/admin/')) return 'admin';
  if (/^\/reports\/[^/]+\/raw$/.test(path)) return 'raw';
  if (path === '/Exact' || path === '/exact') return 'exact';
  return path === '/open' || path.startsWith('/open/') ? 'open' : 'other';
};

const listening = async (name: string, server: Server): Promise<PathUpstream> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    name,
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** Node's http server, which leaves the reading of a path to whoever handles it: here in one way. */
const plainNode = (name: string, read: (target: string) => string) =>
  listening(
    name,
    createServer((incoming, response) => {
      try {
        response.end(servedAt(read(incoming.url ?? '')));
      } catch {
        response.writeHead(400).end();
      }
    }),
  );

const withoutQuery = (target: string): string => target.split('?', 1)[0]!;

/** As Windows reads names: no letter case, compatibility forms, no dots and blanks at the end. */
const asWindows = (target: string): string =>
  decodeURIComponent(withoutQuery(target))
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('\\', '/')
    .replace(/[.\s]+(?=\/|$)/g, '');

function withExpress() {
  const application = express();
  const say = (served: Served) => (_request: express.Request, response: express.Response) =>
    void response.send(served);
  application.use('/admin', say('admin'));
  application.all('/reports/:id/raw', say('raw'));
  application.all('/Exact', say('exact'));
  application.use('/open', say('open'));
  application.use(say('other'));
  return listening('Express', createServer(application));
}

async function withFastify(name: string, options: object): Promise<PathUpstream> {
  const application = fastify({ ...options });
  const say = (served: Served) => async () => served;
  application.get('/admin', say('admin'));
  application.get('/admin/*', say('admin'));
  application.get('/reports/:id/raw', say('raw'));
  application.get('/Exact', say('exact'));
  application.get('/open', say('open'));
  application.get('/open/*', say('open'));
  application.get('*', say('other'));
  await application.listen({ host: '127.0.0.1', port: 0 });
  const { port } = application.server.address() as AddressInfo;
  return { name, port, stop: () => application.close() };
}

const lenient = {
  routerOptions: {
    caseSensitive: false,
    ignoreTrailingSlash: true,
    ignoreDuplicateSlashes: true,
    useSemicolonDelimiter: true,
  },
};

/** The upstreams that the development dependencies bring. */
export const startPathUpstreams = (): Promise<readonly PathUpstream[]> =>
  Promise.all([
    plainNode('Node http, as sent', withoutQuery),
    plainNode('Node http, by URL', (target) => new URL(target, 'http://x').pathname),
    plainNode('Node http, decoded', (target) => decodeURIComponent(withoutQuery(target))),
    plainNode('Node http, without parameters', (target) =>
      decodeURIComponent(withoutQuery(target).replace(/;[^/]*/g, '')),
    ),
    plainNode('Node http, decoded twice', (target) =>
      decodeURIComponent(decodeURIComponent(withoutQuery(target))),
    ),
    plainNode('Node http, as Windows', asWindows),
    withExpress(),
    withFastify('Fastify', {}),
    withFastify('Fastify, lenient', lenient),
  ]);

/** The findings: how often each upstream served each resource, and every path that passed under a route weaker than that of the served resource. */
export interface Differences {
  readonly paths: number;
  /** Questions the gateway let pass, of both hosts. */
  readonly passed: number;
  readonly served: ReadonlyMap<string, ReadonlyMap<Served, number>>;
  readonly weaker: readonly string[];
}

const guarded = new Set<Served>(['admin', 'raw', 'exact']);

/** Asks the gateway about every path, without a token, and every upstream for those that may pass. */
export async function differencesBetween(
  gatewayPort: number,
  upstreams: readonly PathUpstream[],
  paths: readonly string[],
): Promise<Differences> {
  const agent = new Agent({ keepAlive: true, maxSockets: 24 });
  const served = new Map(upstreams.map(({ name }) => [name, new Map<Served, number>()]));
  const weaker: string[] = [];
  let passed = 0;
  const tryOne = async (path: string): Promise<void> => {
    const answers = await Promise.all(
      [guardedHost, openHost].map((host) => ask(agent, gatewayPort, '/forward-auth', stating(host, path))),
    );
    const [passesGuarded, passesOpen] = answers.map(({ status }) => status === 200);
    passed += Number(passesGuarded) + Number(passesOpen);
    if (!passesGuarded && !passesOpen) return;
    await Promise.all(
      upstreams.map(async ({ name, port }) => {
        const { status, body } = await ask(agent, port, path, {});
        if (status !== 200) return;
        const what = body.trim() as Served;
        const counts = served.get(name)!;
        counts.set(what, (counts.get(what) ?? 0) + 1);
        if (passesGuarded && guarded.has(what)) weaker.push(`${name} serves ${path} as ${what}, unguarded`);
        if (passesOpen && what !== 'open') weaker.push(`${name} serves ${path} as ${what}, and not as open`);
      }),
    );
  };
  const waiting = [...paths];
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) await tryOne(path);
    }),
  );
  agent.destroy();
  return { paths: paths.length, passed, served, weaker };
}

const stating = (host: string, path: string) => ({
  'x-forwarded-method': 'GET',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': host,
  'x-forwarded-uri': path,
});

/** Sends a path as it is; an upstream that will not have it counts as status 400. */
function ask(
  agent: Agent,
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const outgoing = request({ agent, host: '127.0.0.1', port, path, headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      answer.on('error', () => resolve({ status: 400, body: '' }));
    });
    outgoing.on('error', () => resolve({ status: 400, body: '' }));
    outgoing.end();
  });
}

/** One line for the report of a run. */
export const describeDifferences = ({ paths, passed, served, weaker }: Differences, seed: number): string => {
  const counts = [...served].map(
    ([name, what]) => `${name}: ${[...what].map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
  );
  return `${paths} paths (seed ${seed}), ${passed} questions passed, ${weaker.length} under a weaker route\n  ${counts.join('\n  ')}`;
};
