import { linesOf, wordsOf } from '../../elements/lines.js';
import type { useRevision } from '../../elements/revision.js';
import type { GatewayRoute, WrittenRoute } from './api-queries.js';

/** A route as it is typed. */
export interface TypedRoute {
  readonly name: string;
  readonly position: string;
  readonly resource: string;
  readonly hosts: string;
  readonly schemes: readonly string[];
  readonly path: string;
  readonly methods: string;
  readonly case_sensitive: boolean;
  readonly allow: readonly string[];
  readonly public: boolean;
  readonly scopes: string;
  readonly acr: string;
  readonly idle: string;
  readonly absolute: string;
  readonly max_auth_age: string;
  readonly max_token_age: string;
  readonly activity: string;
  readonly upstream: string;
  readonly pass_token: boolean;
  readonly browser: string;
  readonly cors: string;
}

/** The form of a route, as its fields use it. */
export type RouteRevision = ReturnType<typeof useRevision<TypedRoute>>;

/** The titles of the members, by their names. */
export const memberTitles: Readonly<Record<keyof TypedRoute, string>> = {
  name: 'Name',
  position: 'Position',
  resource: 'API',
  hosts: 'Hosts',
  schemes: 'Schemes',
  path: 'Path',
  methods: 'Methods',
  case_sensitive: 'Letter case matters in paths',
  allow: 'Paths that programs read differently',
  public: 'Everybody may pass',
  scopes: 'Scopes',
  acr: 'Authentication contexts (acr)',
  idle: 'Activity within',
  absolute: 'Session at most',
  max_auth_age: 'Sign-in within',
  max_token_age: 'Token at most',
  activity: 'Requests keep the session awake',
  upstream: 'Upstream',
  pass_token: 'The upstream gets the access token',
  browser: 'Browser client',
  cors: 'Origins of pages that may read refusals',
};

/** A new route before anything is typed. */
export const newRoute: TypedRoute = {
  name: '',
  position: '100',
  resource: '',
  hosts: '',
  schemes: ['https'],
  path: '/**',
  methods: '',
  case_sensitive: false,
  allow: [],
  public: false,
  scopes: '',
  acr: '',
  idle: '',
  absolute: '',
  max_auth_age: '',
  max_token_age: '',
  activity: 'active',
  upstream: '',
  pass_token: false,
  browser: '',
  cors: '',
};

/** A kept route as it is typed. */
export const typedRoute = (route: GatewayRoute): TypedRoute => ({
  name: route.name,
  position: String(route.position),
  resource: route.resource,
  hosts: route.hosts.join('\n'),
  schemes: route.schemes,
  path: route.path,
  methods: route.methods.join(' '),
  case_sensitive: route.case_sensitive ?? false,
  allow: route.allow ?? [],
  public: route.public,
  scopes: route.scopes.join(' '),
  acr: route.acr.join(' '),
  idle: route.timeouts.idle ?? '',
  absolute: route.timeouts.absolute ?? '',
  max_auth_age: route.timeouts.max_auth_age ?? '',
  max_token_age: route.timeouts.max_token_age ?? '',
  activity: route.activity,
  upstream: route.upstream ?? '',
  pass_token: route.pass_token,
  browser: route.browser ?? '',
  cors: (route.cors ?? []).join('\n'),
});

/** A number as it was typed; anything else goes to the admin API as it is, which says what is wrong with it. */
const numberOf = (text: string): number => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : (text as never));

const present = (members: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(members).flatMap(([name, text]) => (text.trim() ? [[name, text.trim()]] : [])),
  );

/** The body of a route, without its name. Members that are empty are left out. */
export function bodyOfRoute(typed: TypedRoute): Omit<WrittenRoute, 'name'> {
  const { idle, absolute, max_auth_age, max_token_age, upstream, browser } = typed;
  const origins = linesOf(typed.cors);
  return {
    position: numberOf(typed.position),
    resource: typed.resource,
    hosts: linesOf(typed.hosts),
    schemes: typed.schemes as WrittenRoute['schemes'] & object,
    path: typed.path.trim(),
    methods: wordsOf(typed.methods),
    public: typed.public,
    scopes: wordsOf(typed.scopes),
    acr: wordsOf(typed.acr),
    timeouts: present({ idle, absolute, max_auth_age, max_token_age }),
    activity: typed.activity as WrittenRoute['activity'] & string,
    pass_token: typed.pass_token,
    ...present({ upstream, browser }),
    ...(typed.case_sensitive ? { case_sensitive: true } : {}),
    ...(typed.allow.length > 0 ? { allow: typed.allow as WrittenRoute['allow'] & object } : {}),
    ...(origins.length > 0 ? { cors: origins } : {}),
  };
}
