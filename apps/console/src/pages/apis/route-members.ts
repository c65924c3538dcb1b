import { linesOf, wordsOf } from '../../elements/lines.js';
import type { useRevision } from '../../elements/revision.js';
import type { GatewayRoute, WrittenRoute } from './api-queries.js';

type Timeouts = NonNullable<WrittenRoute['timeouts']>;
/** A route as it is written, its timeouts beside the other members. */
type FlatRoute = Omit<WrittenRoute, 'timeouts'> & Timeouts;
type Several = readonly string[];

/** The form of one member. A member that `write` leaves undefined is left out of the body. */
interface MemberOf<Typed, Look> {
  readonly title: string;
  readonly look: Look;
  /** Its value in a new route. */
  readonly fresh: Typed;
  // Each entry is typed by the functions that make it; the table is walked by name.
  readonly read: (value: never) => Typed;
  readonly write: (typed: Typed) => unknown;
}

interface TextLook {
  readonly kind: 'text';
  readonly hint?: string;
  readonly lines?: number;
}

/** A member that is typed as a text. */
export type TextMember = MemberOf<string, TextLook>;
/** A member that is chosen by its words. */
export type ChoiceMember = MemberOf<
  string,
  { readonly kind: 'choice'; readonly words: Readonly<Record<string, string>> }
>;
/** A member that is yes or no. */
export type FlagMember = MemberOf<boolean, { readonly kind: 'flag'; readonly about?: string }>;
/** A member of which several may be chosen. */
export type ChecksMember = MemberOf<Several, { readonly kind: 'checks'; readonly choices: Several }>;
type Member = TextMember | ChoiceMember | FlagMember | ChecksMember;

/** A requirement also says in words what it demands; undefined where it demands nothing. */
type RequirementMember = Member & { readonly demands: (typed: never) => string | undefined };

const text = (title: string, hint?: string, fresh = ''): TextMember => ({
  title,
  look: { kind: 'text', ...(hint ? { hint } : {}) },
  fresh,
  read: (value: string | undefined) => value ?? '',
  write: (typed) => typed.trim() || undefined,
});
/** An empty text is sent, too, so that the admin API refuses it and no default takes its place. */
const needed = (member: TextMember): TextMember => ({ ...member, write: (typed) => typed.trim() });
const words = (title: string, hint: string): TextMember => ({
  ...text(title, hint),
  read: (value: Several = []) => value.join(' '),
  write: (typed) => (wordsOf(typed).length > 0 ? wordsOf(typed) : undefined),
});
const lines = (title: string, hint: string): TextMember => ({
  ...text(title, hint),
  look: { kind: 'text', hint, lines: 2 },
  read: (value: Several = []) => value.join('\n'),
  write: (typed) => (linesOf(typed).length > 0 ? linesOf(typed) : undefined),
});
const flag = (title: string, about?: string): FlagMember => ({
  title,
  look: { kind: 'flag', ...(about ? { about } : {}) },
  fresh: false,
  read: (value: boolean | undefined) => value ?? false,
  write: (typed) => typed || undefined,
});
const checks = (title: string, choices: Several, fresh: Several): ChecksMember => ({
  title,
  look: { kind: 'checks', choices },
  fresh,
  read: (value: Several = []) => value,
  write: (typed) => typed,
});
const demanding = <Typed extends string | boolean, Look>(
  member: MemberOf<Typed, Look>,
  demand: (typed: Typed) => string,
) => ({
  ...member,
  demands: (typed: Typed) => (typed ? demand(typed) : undefined),
});

/** A number as it was typed; anything else goes to the admin API as it is, which says what is wrong with it. */
const numberOf = (typed: string): number | string => (/^\d{1,9}$/.test(typed.trim()) ? Number(typed) : typed);

const ofOrder = {
  name: needed(text('Name', 'A word for logs and metrics')),
  position: {
    ...text('Position', 'The first route that matches is the one; equal positions go by name', '100'),
    read: String,
    write: numberOf,
  },
  resource: needed(text('API')),
} satisfies Partial<Record<keyof FlatRoute, Member>>;

/** The requests that a route is for. */
export const requestMembers = {
  hosts: {
    ...lines('Hosts', 'One on each line, in lower case; *. takes one label more'),
    write: linesOf,
  },
  path: needed(text('Path', '/orders, /orders/*/lines or /orders/**', '/**')),
  methods: words('Methods', 'GET POST, with spaces between; empty for all'),
  schemes: checks('Schemes', ['https', 'http'], ['https']),
  allow: {
    ...checks(
      'Paths that programs read differently',
      ['encoded-slash', 'encoded-percent', 'semicolon', 'extension'],
      [],
    ),
    write: (typed: Several) => (typed.length > 0 ? typed : undefined),
  },
  case_sensitive: flag('Letter case matters in paths', 'only where the upstream distinguishes it, too'),
} satisfies Partial<Record<keyof FlatRoute, Member>>;

const timeouts = {
  idle: demanding(text('Activity within', 'Such as 15m'), (time) => `activity within ${time}`),
  absolute: demanding(text('Session at most', 'Such as 8h'), (time) => `a session of at most ${time}`),
  max_auth_age: demanding(
    text('Sign-in within', 'Such as 5m: asks for a sign-in in between'),
    (time) => `a sign-in within ${time}`,
  ),
  max_token_age: demanding(text('Token at most', 'Such as 60s'), (time) => `a token of at most ${time}`),
} satisfies Record<keyof Timeouts, RequirementMember>;

/** The requirements of a route that is not public, in the order in which they are told. */
export const requirementMembers = {
  scopes: demanding(words('Scopes', 'All of them, with spaces between'), (scopes) => `scope ${scopes}`),
  acr: demanding(
    words('Authentication contexts (acr)', 'One of them, with spaces between'),
    (classes) => `acr ${wordsOf(classes).join(' or ')}`,
  ),
  ...timeouts,
  activity: {
    ...needed(text('Requests keep the session awake', undefined, 'active')),
    look: { kind: 'choice', words: { active: 'yes', passive: 'no: they come by themselves' } },
    // It says what a request counts for, and refuses none.
    demands: () => undefined,
  },
} satisfies Partial<Record<keyof FlatRoute, RequirementMember>>;

/** The way of a request after it has passed. */
export const upstreamMembers = {
  upstream: text(
    'Upstream',
    'Empty where another proxy asks the gateway. The gateway’s own file has to list it.',
  ),
  browser: text(
    'Browser client',
    'The client by which the gateway signs people in, by its name in the gateway’s file',
  ),
  cors: lines(
    'Origins of pages that may read refusals',
    'One on each line, such as https://shop.example.com',
  ),
  pass_token: flag('The upstream gets the access token'),
} satisfies Partial<Record<keyof FlatRoute, Member>>;

/** Each member of a route, once. The compiler asks for a member that the admin API takes and this table lacks. */
export const members = {
  ...ofOrder,
  ...requestMembers,
  public: flag('Everybody may pass', 'no token is needed'),
  ...requirementMembers,
  ...upstreamMembers,
} satisfies Record<keyof FlatRoute, Member>;

type Members = typeof members;
/** A member that has a field. */
export type RouteMember = keyof Members;
const names = Object.keys(members) as RouteMember[];

/** Members that the admin API has and this console does not know, such as those of a later version. They are sent back as they came. */
interface Unknown {
  readonly route: Readonly<Record<string, unknown>>;
  readonly timeouts: Readonly<Record<string, unknown>>;
}

/** A route as it is typed. */
export type TypedRoute = { readonly [M in RouteMember]: Members[M]['fresh'] } & { readonly unknown: Unknown };

/** The form of a route, as its fields use it. */
export type RouteRevision = ReturnType<typeof useRevision<TypedRoute>>;

/** The title of a member. */
export const titleOf = (member: keyof TypedRoute): string =>
  member === 'unknown' ? 'members that this console does not know' : members[member].title;

/** The members that the admin API adds to what is written. */
const added = {
  version: true,
  created_at: true,
  updated_at: true,
} satisfies Record<Exclude<keyof GatewayRoute, keyof WrittenRoute>, true>;

const without = (all: object, known: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !Object.hasOwn(known, name)));

const eachMember = <T>(formOf: (member: Member, name: RouteMember) => T): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, formOf(members[name], name)]));

/** A new route before anything is typed. */
export const newRoute = {
  ...eachMember(({ fresh }) => fresh),
  unknown: { route: {}, timeouts: {} },
} as object as TypedRoute;

/** A kept route as it is typed. */
export function typedRoute(route: GatewayRoute): TypedRoute {
  const { timeouts: times, ...others } = route;
  const flat: Record<string, unknown> = { ...others, ...times };
  return {
    ...eachMember(({ read }, name) => read(flat[name] as never)),
    unknown: { route: without(others, { ...members, ...added }), timeouts: without(times, timeouts) },
  } as object as TypedRoute;
}

/** The body of a route, without its name. */
export function bodyOfRoute(typed: TypedRoute): Omit<WrittenRoute, 'name'> {
  const written = Object.entries(eachMember(({ write }, name) => write(typed[name] as never))).filter(
    ([name, value]) => value !== undefined && name !== 'name',
  );
  const isTimeout = ([name]: readonly [string, unknown]) => Object.hasOwn(timeouts, name);
  return {
    ...typed.unknown.route,
    ...Object.fromEntries(written.filter((one) => !isTimeout(one))),
    timeouts: { ...typed.unknown.timeouts, ...Object.fromEntries(written.filter(isTimeout)) },
  } as Omit<WrittenRoute, 'name'>;
}

/** The members that this console does not know, as they are written. */
export const unknownMembers = ({ unknown }: TypedRoute): (readonly [name: string, value: string])[] =>
  Object.entries({ ...unknown.route, ...unknown.timeouts }).map(([name, value]) => [
    name,
    JSON.stringify(value),
  ]);

/** The requirements of a route in a few words. */
export function requirementWords(route: GatewayRoute): string {
  if (route.public) return 'nothing: everybody may pass';
  const typed = typedRoute(route);
  const demands = Object.entries(requirementMembers).map(([name, { demands: wordsFor }]) =>
    wordsFor(typed[name as keyof typeof requirementMembers] as never),
  );
  const others = unknownMembers(typed).map(([name, value]) => `${name} ${value}`);
  return ['a good token', ...demands.filter(Boolean), ...others].join(', ');
}
