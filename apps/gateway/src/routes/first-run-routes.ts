import { readFile } from 'node:fs/promises';
import { BlockList } from 'node:net';
import { z } from 'zod';
import { type ConsoleAccess, consoleRules } from './console-routes.js';
import type { GatewayRules } from './rules.js';

const devFile = z.looseObject({
  issuer: z.string(),
  adminUrl: z.string(),
  consoleUrl: z.string(),
  gatewayCookieSecret: z.string(),
  clients: z.looseObject({
    console: z.looseObject({ client_id: z.string(), client_secret: z.string(), scope: z.string() }),
    gateway: z.looseObject({ client_id: z.string(), client_secret: z.string() }),
    api: z.looseObject({ client_id: z.string(), client_secret: z.string(), resource: z.string() }),
  }),
});

/** The file of the first start is missing or says something else. */
export class NoFirstRunData extends Error {
  override readonly name = 'NoFirstRunData';
}

/** The rules for the sample API of the first start (any path, asked about in either form, from this machine only), and for the console. */
export async function firstRunRules(path: string): Promise<GatewayRules> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new NoFirstRunData('the file of the first start cannot be read', { cause });
  });
  const read = devFile.safeParse(parseJson(text));
  if (!read.success) throw new NoFirstRunData('the file of the first start is none');
  const { issuer, clients } = read.data;
  const toConsole = consoleRules(consoleAccess(read.data));
  const { api } = clients;
  const orders = {
    name: 'orders',
    audience: api.resource,
    clientId: api.client_id,
    clientSecret: api.client_secret,
    cacheForMs: 10_000,
    maxTokens: 100_000,
    readJwts: false,
  };
  const match = {
    hosts: [new URL(api.resource).host],
    schemes: ['https' as const],
    path: '/**',
    methods: [],
  };
  return {
    issuer,
    forwarded: { proxies: thisMachine(), forms: ['x-forwarded', 'x-original'], hops: 1 },
    removedHeaders: [],
    clientCertificateHeader: undefined,
    apis: [orders, toConsole.api],
    browsers: [toConsole.browser],
    keptUpstreams: [],
    routes: [
      ...toConsole.routes,
      {
        name: 'orders',
        match,
        api: 'orders',
        required: {},
        upstream: undefined,
        passToken: false,
        browser: undefined,
      },
    ],
  };
}

const consoleAccess = ({
  adminUrl,
  consoleUrl,
  gatewayCookieSecret: cookieSecret,
  clients,
}: z.output<typeof devFile>): ConsoleAccess => ({
  adminUrl,
  consoleUrl,
  cookieSecret,
  signIn: {
    id: clients.console.client_id,
    secret: clients.console.client_secret,
    scopes: clients.console.scope.split(' '),
  },
  api: { id: clients.gateway.client_id, secret: clients.gateway.client_secret },
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The addresses of this machine alone. */
export function thisMachine(): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
  return list;
}
