import type { BrowserClient } from '../browser/browser-client.js';
import type { ProtectedApi, Route } from './route.js';

/** The addresses and credentials by which the gateway of the first start leads people to the console. */
export interface ConsoleAccess {
  readonly consoleUrl: string;
  readonly adminUrl: string;
  readonly cookieSecret: string;
  /** The client by which people sign in. */
  readonly signIn: { readonly id: string; readonly secret: string; readonly scopes: readonly string[] };
  /** The client that answers for the admin API. */
  readonly api: { readonly id: string; readonly secret: string };
}

/** The rules for the console: the admin API as an API, its browser client, and the routes. */
export interface ConsoleRules {
  readonly api: ProtectedApi;
  readonly browser: BrowserClient;
  readonly routes: readonly Route[];
}

const name = 'console';
/** Seconds: reading needs somebody who was active in a quarter of an hour, acting somebody who authenticated five minutes ago or less. */
const limits = { idle: 15 * 60, authentication: 5 * 60 };

/**
 * These need no new authentication although they are sent by POST: questions, which change nothing, and the stop of a scenario, whose
 * moved clock has made every authentication old.
 */
const asking = ['/v1/policies/lint', '/v1/policies/preview', '/v1/scenario-plays/*/stop'];

const acting = { required: { maxIdle: limits.idle, maxAuthAge: limits.authentication } };
const open = { api: null, browser: undefined, passToken: false };

/** Lets people to the console and, with the token in their cookie, to the admin API behind it (docs/console.md). */
export function consoleRules({
  consoleUrl,
  adminUrl,
  cookieSecret,
  signIn,
  api,
}: ConsoleAccess): ConsoleRules {
  return {
    api: {
      name,
      audience: adminUrl,
      clientId: api.id,
      clientSecret: api.secret,
      cacheForMs: 5_000,
      maxTokens: 10_000,
      readJwts: false,
    },
    browser: {
      name,
      clientId: signIn.id,
      clientSecret: signIn.secret,
      scopes: signIn.scopes,
      audience: adminUrl,
      cookieSecrets: [cookieSecret],
      afterSignOut: '/console/',
    },
    routes: consoleRoutes(routesAt(new URL(consoleUrl), new URL(adminUrl))),
  };
}

type MakeRoute = (suffix: string, path: string, more?: Partial<Route>, methods?: readonly string[]) => Route;

/** Makes routes of the console's host that lead to the admin API. Unless a route says otherwise, they are for people who are signed in. */
const routesAt =
  ({ hostname, protocol }: URL, upstream: URL): MakeRoute =>
  (suffix, path, more = {}, methods = []) => ({
    name: `${name}-${suffix}`,
    match: {
      // Without its port: a host stands for the port that the gateway listens on, too, unless a route names that port.
      hosts: [hostname],
      schemes: [protocol === 'https:' ? 'https' : 'http'],
      path,
      methods,
    },
    api: name,
    required: { maxIdle: limits.idle },
    upstream,
    passToken: true,
    browser: name,
    ...more,
  });

/** The routes of the console. The gateway takes the first one that matches. */
const consoleRoutes = (route: MakeRoute): readonly Route[] => [
  // Names with a hash, the same for everybody: a page that is open can load its parts after its session has ended.
  route('assets', '/console/assets/**', { ...open, allow: ['extension'] }),
  // A page of its own that a window opens to sign in again: it leads to a sign-in unless one has just happened.
  route('step-up', '/console/signed-in', acting),
  route(
    'events',
    '/v1/events/stream',
    { required: { ...acting.required, maxAuthAge: undefined, passive: true } },
    ['GET'],
  ),
  ...asking.map((path, index) => route(`asks-${index}`, path, {}, ['POST'])),
  route('acts', '/v1/**', acting, ['POST', 'PUT', 'PATCH', 'DELETE']),
  route('reads', '/**', {}, ['GET']),
];
