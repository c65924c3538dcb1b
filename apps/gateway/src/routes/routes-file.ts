import { readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ProtectedApi, Route } from './route.js';
import type { GatewayRules } from './rules.js';

/** The routes file cannot be followed; every fault is named by its place, never by its value. */
export class RoutesFileError extends Error {
  override readonly name = 'RoutesFileError';

  constructor(readonly faults: readonly string[]) {
    super(`the routes file has faults:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** A length of time such as `15m`, in whole seconds. */
const duration = z
  .string()
  .regex(/^\d{1,6}[smhd]$/, { error: 'must be a duration such as 15m' })
  .transform((text) => Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units]);

const host = z.string().regex(/^(\*\.)?[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:\d{1,5})?$/, {
  error: 'must be a host name in lower case, or *. and one',
});

const pathPattern = z
  .string()
  .regex(/^(\/[\w.~!$&'()+,=:@%-]*|\/\*)*(\/\*\*)?$/, {
    error: 'must be a path such as /orders, /orders/*/lines or /orders/**',
  })
  .refine((text) => text.startsWith('/'), { error: 'must start with /' });

const origin = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: 'must be an http or https URL',
  })
  .transform((text) => new URL(text));

const word = z.string().regex(/^[\w.-]{1,64}$/, { error: 'must be a word' });

const timeoutClass = z.strictObject({
  maxTokenAge: duration.optional(),
  idle: duration.optional(),
  absolute: duration.optional(),
  maxAuthAge: duration.optional(),
});

const api = z.strictObject({
  audience: z.string().min(1),
  clientId: z.string().min(1),
  clientSecretFile: z.string().optional(),
  clientSecretVariable: word.optional(),
  cacheFor: duration.refine((seconds) => seconds <= 30, { error: 'must be at most 30s' }).default(10),
  mostTokens: z.int().min(1).max(10_000_000).default(100_000),
  readJwts: z.boolean().default(false),
});

const route = z.strictObject({
  name: word,
  hosts: z.array(host).min(1),
  schemes: z
    .array(z.enum(['http', 'https']))
    .min(1)
    .default(['https']),
  path: pathPattern.default('/**'),
  methods: z.array(z.string().regex(/^[A-Z]{1,32}$/, { error: 'must be a method in capitals' })).default([]),
  api: word.optional(),
  public: z.boolean().default(false),
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)).default([]),
  acr: z.array(z.string().min(1)).default([]),
  timeouts: word.optional(),
  activity: z.enum(['active', 'passive']).default('active'),
  upstream: origin.optional(),
  passToken: z.boolean().default(false),
});

const file = z.strictObject({
  issuer: z
    .string()
    .refine((text) => URL.canParse(text) && !text.endsWith('/'), { error: 'must be the issuer identifier' })
    .optional(),
  proxies: z.array(z.string()).default([]),
  forwarded: z.array(z.enum(['x-forwarded', 'x-original', 'itself'])).default([]),
  clientCertificateHeader: word.optional(),
  timeouts: z.record(word, timeoutClass).default({}),
  apis: z.record(word, api).default({}),
  routes: z.array(route),
});

type RoutesFile = z.output<typeof file>;

/** Reads the routes file. Secrets are not in it: it names the files or variables they are in. @throws RoutesFileError */
export async function readRoutesFile(
  location: string,
  issuer: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<GatewayRules> {
  const text = await readFile(location, 'utf8').catch(() => {
    throw new RoutesFileError(['it cannot be read']);
  });
  const read = file.safeParse(parseYaml(text));
  if (!read.success)
    throw new RoutesFileError(
      read.error.issues.map(({ path: place, message }) => `${place.join('.') || 'the file'}: ${message}`),
    );
  const faults = relationsOf(read.data);
  const proxies = addressesOf(read.data.proxies, faults);
  const folder = path.dirname(path.resolve(location));
  const apis = await Promise.all(
    Object.entries(read.data.apis).map(([name, one]) => withSecret(name, one, folder, env, faults)),
  );
  if (faults.length > 0) throw new RoutesFileError(faults);
  return {
    issuer: read.data.issuer ?? issuer,
    forwarded: { proxies, forms: read.data.forwarded },
    clientCertificateHeader: read.data.clientCertificateHeader?.toLowerCase(),
    apis,
    routes: read.data.routes.map((one) => routeOf(one, read.data)),
  };
}

function parseYaml(text: string): unknown {
  try {
    // Aliases may be used, but not so many that a small file becomes a large one.
    return parse(text, { maxAliasCount: 100, uniqueKeys: true });
  } catch {
    throw new RoutesFileError(['it is no YAML']);
  }
}

/** What must hold between entries. */
function relationsOf({ routes, apis, timeouts, forwarded, proxies }: RoutesFile): string[] {
  const faults: string[] = [];
  const names = routes.map(({ name }) => name);
  for (const name of new Set(names))
    if (names.indexOf(name) !== names.lastIndexOf(name)) faults.push(`routes: ${name} is there twice`);
  for (const { name, ...one } of routes) {
    const fault = (text: string) => faults.push(`routes.${name}: ${text}`);
    if (one.public === (one.api !== undefined)) fault('must name an api or be public, and not both');
    if (one.api !== undefined && !(one.api in apis)) fault('names an api that is not there');
    if (one.timeouts !== undefined && !(one.timeouts in timeouts)) fault('names timeouts that are not there');
    if (one.public && (one.scopes.length > 0 || one.acr.length > 0 || one.timeouts))
      fault('is public and cannot require anything');
  }
  if (forwarded.length > 0 && proxies.length === 0)
    faults.push('forwarded: needs proxies, because nobody else may say which request is asked about');
  return faults;
}

function addressesOf(proxies: readonly string[], faults: string[]): BlockList {
  const list = new BlockList();
  for (const [at, entry] of proxies.entries()) {
    const [address = '', length, ...more] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const longest = family === 'ipv6' ? 128 : 32;
    const bits = length === undefined ? longest : Number(length);
    if (isIP(address) === 0 || more.length > 0 || !(bits >= 0 && bits <= longest) || length === '')
      faults.push(`proxies.${at}: must be an address or a network such as 10.0.0.0/8`);
    else list.addSubnet(address, bits, family);
  }
  return list;
}

async function withSecret(
  name: string,
  { clientSecretFile, clientSecretVariable, cacheFor, ...one }: z.output<typeof api>,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  faults: string[],
): Promise<ProtectedApi> {
  const given = [clientSecretFile, clientSecretVariable].filter((source) => source !== undefined);
  const clientSecret =
    given.length !== 1
      ? undefined
      : clientSecretVariable !== undefined
        ? env[clientSecretVariable]
        : await readFile(path.resolve(folder, clientSecretFile!), 'utf8').catch(() => undefined);
  const read = clientSecret?.trim() ?? '';
  if (given.length !== 1) faults.push(`apis.${name}: must have clientSecretFile or clientSecretVariable`);
  else if (read === '') faults.push(`apis.${name}: its secret cannot be read`);
  return { ...one, name, clientSecret: read, cacheForMs: cacheFor * 1_000 };
}

function routeOf(one: z.output<typeof route>, { timeouts }: RoutesFile): Route {
  const limits = one.timeouts === undefined ? {} : (timeouts[one.timeouts] ?? {});
  return {
    name: one.name,
    match: { hosts: one.hosts, schemes: one.schemes, path: one.path, methods: one.methods },
    api: one.api ?? null,
    required: {
      scopes: one.scopes,
      acrValues: one.acr,
      maxTokenAge: limits.maxTokenAge,
      maxAuthAge: limits.maxAuthAge,
      maxIdle: limits.idle,
      maxSessionAge: limits.absolute,
      passive: one.activity === 'passive',
    },
    upstream: one.upstream,
    passToken: one.passToken,
  };
}
