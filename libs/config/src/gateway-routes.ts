import { z } from 'zod';

const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** A length of time such as `15m`. */
const duration = z
  .string()
  .regex(/^\d{1,6}[smhd]$/, { error: 'must be a duration such as 15m' })
  .meta({ description: 'A length of time such as 15m.' });

/** The whole seconds of a length of time as routes write it. */
export const secondsOf = (text: string): number =>
  Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units];

const word = z.string().regex(/^[\w.-]{1,64}$/, { error: 'must be a word' });

const host = z.string().regex(/^(\*\.)?[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:\d{1,5})?$/, {
  error: 'must be a host name in lower case, or *. and one',
});

const path = z
  .string()
  .max(1_024, { error: 'must have at most 1024 characters' })
  .regex(/^\/([\w.~!$&'()+,=:@%/-]|\*)*$/, {
    error: 'must be a path such as /orders, /orders/*/lines or /orders/**',
  })
  .refine((text) => text.split('/').every((part, at, all) => isPart(part, at === all.length - 1)), {
    error: 'must be a path such as /orders, /orders/*/lines or /orders/**',
  });

/** `*` stands for a whole segment, and `**` for everything below, at the end only. */
const isPart = (part: string, isLast: boolean): boolean =>
  !part.includes('*') || part === '*' || (isLast && part === '**');

const method = z.string().regex(/^[A-Z]{1,32}$/, { error: 'must be a method in capitals' });

const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'must be a scope value' });

const upstream = z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
  error: 'must be an http or https URL',
});

/**
 * Traits that a path may have on a route whose upstream reads them as the gateway does. On other routes they are refused, except an
 * extension: such a path must also meet the routes for the same path without it.
 */
const allow = z.array(
  z.enum(['encoded-slash', 'encoded-percent', 'semicolon', 'extension'], {
    error: 'must be encoded-slash, encoded-percent, semicolon or extension',
  }),
);

/** The origin of a page (RFC 6454 §6.1). */
const webOrigin = z
  .string()
  .refine((text) => URL.canParse(text) && new URL(text).origin === text && text !== 'null', {
    error: 'must be an origin such as https://shop.example.com',
  });

/** The parts of a route, for a gateway's file and for the admin API. */
export const routeParts = { duration, word, host, path, method, scope, upstream, allow, webOrigin } as const;

/** A route as it is kept by operators, beside its name and the API it belongs to. */
export const keptRoute = z.strictObject({
  hosts: z.array(host).min(1).max(50),
  schemes: z
    .array(z.enum(['http', 'https'], { error: 'must be http or https' }))
    .min(1)
    .max(2)
    .default(['https']),
  path: path.default('/**'),
  // Not there unless written: gateways of an earlier version refuse members that they do not know.
  case_sensitive: z
    .boolean()
    .optional()
    .meta({ description: 'The upstream distinguishes letter case in paths; so does the route, then.' }),
  allow: allow
    .max(3)
    .optional()
    .meta({ description: 'Traits that a path may have although programs read them differently.' }),
  cors: z
    .array(webOrigin.max(256))
    .max(50)
    .optional()
    .meta({ description: 'Origins of pages that may read what the gateway itself answers.' }),
  methods: z.array(method).max(20).default([]).meta({ description: 'Empty for every method.' }),
  public: z.boolean().default(false).meta({ description: 'Everybody may pass.' }),
  scopes: z.array(scope.max(128)).max(50).default([]),
  acr: z.array(z.string().min(1).max(128)).max(20).default([]),
  timeouts: z
    .strictObject({
      max_token_age: duration.optional(),
      idle: duration.optional(),
      absolute: duration.optional(),
      max_auth_age: duration.optional(),
    })
    .default({}),
  activity: z.enum(['active', 'passive'], { error: 'must be active or passive' }).default('active'),
  upstream: upstream.max(1_024).optional(),
  pass_token: z.boolean().default(false),
  browser: word.optional().meta({ description: 'A browser client of the gateway, by its name there.' }),
});

/** A kept route with everything that stands for something absent. */
export type KeptRoute = z.output<typeof keptRoute>;

/** Faults in the relations between the members of a route, one sentence each. */
export function routeFaults(route: {
  readonly public: boolean;
  readonly scopes: readonly string[];
  readonly acr: readonly string[];
  readonly limited: boolean;
  readonly browser?: string | undefined;
  readonly upstream?: unknown;
  /** Whether other proxies ask about requests, and pass them on. */
  readonly asked?: boolean;
}): string[] {
  const faults: string[] = [];
  if (route.browser !== undefined && route.upstream === undefined && !route.asked)
    faults.push('has a browser client and needs an upstream');
  if (route.public && (route.scopes.length > 0 || route.acr.length > 0 || route.limited))
    faults.push('is public and cannot require anything');
  return faults;
}

/** The faults of a kept route as a whole. */
export const keptRouteFaults = (route: KeptRoute): string[] =>
  routeFaults({ ...route, limited: Object.values(route.timeouts).some((limit) => limit !== undefined) });

/** The number of kept routes that a gateway takes for an API. */
export const maxHandedRoutes = 2_000;

/** Kept routes as the authorization server hands them to gateways, in their order. */
export const handedRoutes = z.object({
  routes: z.array(z.strictObject({ name: word, ...keptRoute.shape })).max(maxHandedRoutes),
});
