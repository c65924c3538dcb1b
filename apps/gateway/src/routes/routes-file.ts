import { readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import path from 'node:path';
import {
  type ReadFault,
  readFaults,
  routeFaults,
  routeParts,
  secondsOf,
  UnreadableFile,
  WrittenFile,
} from '@curfew/config';
import { z } from 'zod';
import type { BrowserClient } from '../browser/browser-client.js';
import { requirementOf } from './requirement-of.js';
import type { ProtectedApi, Route } from './route.js';
import { RouteTable } from './route-table.js';
import type { GatewayRules } from './rules.js';
import { SecretReader } from './secret-reader.js';

/** The routes file cannot be followed. Every fault is told with its line and field; values stay out, because they go to a log. */
export class RoutesFileError extends Error {
  override readonly name = 'RoutesFileError';

  constructor(readonly faults: readonly string[]) {
    super(`the routes file has faults:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

const { word, host, method, scope } = routeParts;

/** A length of time such as `15m`, in whole seconds. */
const duration = routeParts.duration.transform(secondsOf);

const origin = routeParts.upstream.transform((text) => new URL(text));

/** The schema of a timeout class, which routes name. */
export const timeoutClass = z.strictObject({
  maxTokenAge: duration.optional(),
  idle: duration.optional(),
  absolute: duration.optional(),
  maxAuthAge: duration.optional(),
});
const noTimeouts: z.output<typeof timeoutClass> = {};

const api = z.strictObject({
  audience: z.string().min(1),
  clientId: z.string().min(1),
  clientSecretFile: z.string().optional(),
  clientSecretVariable: word.optional(),
  cacheFor: duration.refine((seconds) => seconds <= 30, { error: 'must be at most 30s' }).default(10),
  maxTokens: z.int().min(1).max(10_000_000).optional(),
  /** The former name of `maxTokens`. */
  mostTokens: z.int().min(1).max(10_000_000).optional(),
  readJwts: z.boolean().default(false),
});

const browser = z.strictObject({
  api: word,
  clientId: z.string().min(1),
  clientSecretFile: z.string().optional(),
  clientSecretVariable: word.optional(),
  cookieSecretFile: z.string().optional(),
  cookieSecretVariable: word.optional(),
  scopes: z.array(scope).default(['openid']),
  afterSignOut: z
    .string()
    .regex(/^\/(?!\/)[\x21-\x7e]*$/, { error: 'must be a path' })
    .default('/'),
});

/** The schema of a route. */
export const route = z.strictObject({
  name: word,
  hosts: z.array(host).min(1),
  schemes: z
    .array(z.enum(['http', 'https']))
    .min(1)
    .default(['https']),
  path: routeParts.path.default('/**'),
  caseSensitive: z.boolean().default(false),
  allow: routeParts.allow.default([]),
  cors: z.array(routeParts.webOrigin).default([]),
  methods: z.array(method).default([]),
  api: word.optional(),
  public: z.boolean().default(false),
  scopes: z.array(scope).default([]),
  acr: z.array(z.string().min(1)).default([]),
  timeouts: word.optional(),
  activity: z.enum(['active', 'passive']).default('active'),
  upstream: origin.optional(),
  passToken: z.boolean().default(false),
  browser: word.optional(),
});

const file = z.strictObject({
  issuer: z
    .string()
    .refine((text) => URL.canParse(text) && !text.endsWith('/'), { error: 'must be the issuer identifier' })
    .optional(),
  proxies: z.array(z.string()).default([]),
  forwarded: z.array(z.enum(['x-forwarded', 'x-original', 'itself'])).default([]),
  hops: z.int().min(1).max(10).default(1),
  removeHeaders: z
    .array(
      z
        .string()
        .regex(/^[a-z0-9-]+\*?$/, { error: 'must be a header name in lower case, or its beginning and *' }),
    )
    .default([]),
  clientCertificateHeader: word.optional(),
  timeouts: z.record(word, timeoutClass).default({}),
  apis: z.record(word, api).default({}),
  browsers: z.record(word, browser).default({}),
  keptRoutes: z.strictObject({ upstreams: z.array(origin).default([]) }).optional(),
  routes: z.array(route).default([]),
});

type RoutesFile = z.output<typeof file>;

/** Reads the routes file. Secrets are not in it: it names the files or variables they are in. @throws RoutesFileError */
export async function readRoutesFile(
  location: string,
  issuer: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<GatewayRules> {
  const text = await readFile(location, 'utf8').catch(() => {
    throw new RoutesFileError([`${location}: cannot be read`]);
  });
  const written = writtenIn(location, text);
  const refuse = (faults: readonly ReadFault[]): void => {
    if (faults.length > 0)
      throw new RoutesFileError(faults.map((fault) => faultWithLine(location, written, fault)));
  };
  const read = file.safeParse(written.content);
  if (!read.success) {
    refuse(readFaults(read.error, file));
    throw read.error;
  }
  const faults = relationsOf(read.data);
  const proxies = addressesOf(read.data.proxies, faults);
  const secrets = new SecretReader(path.dirname(path.resolve(location)), env, faults);
  const apis = await apisOf(read.data, secrets);
  const browsers = await browsersOf(read.data, secrets);
  refuse(faults);
  return {
    issuer: read.data.issuer ?? issuer,
    forwarded: { proxies, forms: read.data.forwarded, hops: read.data.hops },
    removedHeaders: read.data.removeHeaders,
    clientCertificateHeader: read.data.clientCertificateHeader?.toLowerCase(),
    apis,
    browsers,
    routes: read.data.routes.map((one) => routeOf(one, read.data)),
    keptUpstreams: read.data.keptRoutes?.upstreams.map(({ href }) => href),
  };
}

function writtenIn(location: string, text: string): WrittenFile {
  try {
    return WrittenFile.of(text);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new RoutesFileError([`${location}:${error.line}: ${error.message}`]);
  }
}

/** As `curfew apply` tells a fault, without the value. */
function faultWithLine(location: string, written: WrittenFile, { path: at, detail }: ReadFault): string {
  const { line } = written.placeOf(at);
  return `${location}:${line ?? 1}: ${at.join('.') || 'the file'}: ${detail}`;
}

/** Rules between entries: names that must exist, and combinations that are not allowed. */
function relationsOf(read: RoutesFile): ReadFault[] {
  const { routes, apis, browsers, timeouts, forwarded, proxies, keptRoutes } = read;
  const faults: ReadFault[] = [];
  const table = new RouteTable(routes.map((one) => routeOf(one, read)));
  const fault = (at: ReadFault['path'], detail: string) => faults.push({ path: at, detail });
  for (const [name, one] of Object.entries(browsers))
    if (!(one.api in apis)) fault(['browsers', name, 'api'], 'names an api that is not in this file');
  for (const [at, { name, ...one }] of routes.entries()) {
    const here = ['routes', at];
    if (routes.findIndex((other) => other.name === name) < at)
      fault([...here, 'name'], 'is the name of an earlier route as well');
    if (one.public === (one.api !== undefined)) fault(here, 'must name an api or be public, and not both');
    if (one.api !== undefined && !(one.api in apis))
      fault([...here, 'api'], 'names an api that is not in this file');
    if (one.browser !== undefined && browsers[one.browser]?.api !== one.api)
      fault([...here, 'browser'], 'names a browser client that is not in this file, or is for another api');
    if (one.timeouts !== undefined && !(one.timeouts in timeouts))
      fault([...here, 'timeouts'], 'names timeouts that are not in this file');
    for (const text of routeFaults({
      ...one,
      limited: one.timeouts !== undefined,
      asked: forwarded.length > 0,
    }))
      fault(here, text);
    // Every request to such a host is passed on; nobody asks about one.
    if (forwarded.length > 0 && one.browser && !one.upstream && one.hosts.some((to) => table.passesOn(to)))
      fault(here, 'has a browser client and needs an upstream, because another route of its host has one');
  }
  if (routes.length === 0 && !keptRoutes)
    fault(['routes'], 'must have an entry where there is no keptRoutes');
  if (forwarded.length > 0 && proxies.length === 0)
    fault(['forwarded'], 'needs proxies, because nobody else may say which request is asked about');
  return faults;
}

function addressesOf(proxies: readonly string[], faults: ReadFault[]): BlockList {
  const list = new BlockList();
  for (const [at, entry] of proxies.entries()) {
    const [address = '', length, ...more] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const longest = family === 'ipv6' ? 128 : 32;
    const bits = length === undefined ? longest : Number(length);
    if (isIP(address) === 0 || more.length > 0 || !(bits >= 0 && bits <= longest) || length === '')
      faults.push({ path: ['proxies', at], detail: 'must be an address or a network such as 10.0.0.0/8' });
    else list.addSubnet(address, bits, family);
  }
  return list;
}

const apisOf = ({ apis }: RoutesFile, secrets: SecretReader): Promise<ProtectedApi[]> =>
  Promise.all(
    Object.entries(apis).map(
      async ([
        name,
        { clientSecretFile, clientSecretVariable, cacheFor, maxTokens, mostTokens, ...one },
      ]) => ({
        ...one,
        name,
        maxTokens: maxTokens ?? mostTokens ?? 100_000,
        clientSecret: await secrets.read(
          ['apis', name],
          'clientSecret',
          clientSecretFile,
          clientSecretVariable,
        ),
        cacheForMs: cacheFor * 1_000,
      }),
    ),
  );

const browsersOf = ({ browsers, apis }: RoutesFile, secrets: SecretReader): Promise<BrowserClient[]> =>
  Promise.all(
    Object.entries(browsers).map(async ([name, one]) => {
      const at = ['browsers', name];
      const { clientSecretFile, clientSecretVariable, cookieSecretFile, cookieSecretVariable } = one;
      const cookies = await secrets.read(at, 'cookieSecret', cookieSecretFile, cookieSecretVariable);
      const cookieSecrets = cookies.split(',').map((secret) => secret.trim());
      if (cookieSecrets.some((secret) => secret.length < 32))
        secrets.fault(at, 'cookieSecret must have at least 32 characters; several are separated by commas');
      return {
        name,
        clientId: one.clientId,
        clientSecret: await secrets.read(at, 'clientSecret', clientSecretFile, clientSecretVariable),
        scopes: one.scopes,
        audience: apis[one.api]?.audience ?? '',
        cookieSecrets,
        afterSignOut: one.afterSignOut,
      };
    }),
  );

function routeOf(one: z.output<typeof route>, { timeouts }: RoutesFile): Route {
  const { maxTokenAge, maxAuthAge, idle, absolute } =
    one.timeouts === undefined ? noTimeouts : (timeouts[one.timeouts] ?? noTimeouts);
  const limits = { maxTokenAge, maxAuthAge, idle, absolute };
  return {
    name: one.name,
    match: {
      hosts: one.hosts,
      schemes: one.schemes,
      path: one.path,
      methods: one.methods,
      caseSensitive: one.caseSensitive,
    },
    api: one.api ?? null,
    required: requirementOf({ ...one, limits }),
    upstream: one.upstream,
    passToken: one.passToken,
    browser: one.browser,
    allow: one.allow,
    cors: one.cors,
  };
}
