/*
 * How a person proved who they are. The methods (RFC 8176) are what is stored; the context class follows from them, so the two never
 * disagree.
 */

/** A value of `amr` that this service gives (RFC 8176 §2), in the order in which it is told. */
export const authenticationMethods = ['pwd', 'otp', 'hwk', 'swk', 'user', 'mfa'] as const;

/** One authentication method reference of the closed list. */
export type AuthenticationMethod = (typeof authenticationMethods)[number];

/**
 * The authentication context classes (`acr`), weakest first; each contains the ones before it. `phr` is a registered name (OpenID Connect
 * Extended Authentication Profile ACR Values 1.0); the standards have none for the others, so those are URIs (OpenID Connect Core §2).
 */
export const authenticationContexts = ['urn:curfew:acr:sfa', 'urn:curfew:acr:mfa', 'phr'] as const;

/** One authentication context class of the closed list. */
export type AuthenticationContext = (typeof authenticationContexts)[number];

/** The meaning of each context class, in one sentence for people. */
export const contextMeanings: { readonly [Context in AuthenticationContext]: string } = {
  'urn:curfew:acr:sfa': 'The person showed one factor: a password.',
  'urn:curfew:acr:mfa':
    'The person showed two factors of different kinds, such as a password and a one-time code.',
  phr: 'The person showed two factors, one of them a key that answers this service only, so that no imitation of it gains anything: a passkey.',
};

const knows: ReadonlySet<string> = new Set(['pwd']);
const has: ReadonlySet<string> = new Set(['otp', 'hwk', 'swk']);
const keys: ReadonlySet<string> = new Set(['hwk', 'swk']);

/** Whether a text names a context class of this service. */
export const isAuthenticationContext = (text: unknown): text is AuthenticationContext =>
  authenticationContexts.some((known) => known === text);

/**
 * The methods of several proofs together, each once and in the order of the list. `mfa` is among them where one factor is known and another
 * is possessed, or where one of the proofs was of two factors itself.
 */
export function methodsTogether(...proofs: readonly (readonly string[])[]): readonly AuthenticationMethod[] {
  const shown = new Set(proofs.flat());
  const isOf = (kind: ReadonlySet<string>) => [...shown].some((method) => kind.has(method));
  if (isOf(knows) && isOf(has)) shown.add('mfa');
  return authenticationMethods.filter((method) => shown.has(method));
}

/** The context class that these methods amount to (`acr`); undefined where nothing is known of them. */
export function contextOf(methods: readonly string[] | undefined): AuthenticationContext | undefined {
  if (methods === undefined || methods.length === 0) return undefined;
  if (!methods.includes('mfa')) return 'urn:curfew:acr:sfa';
  return methods.some((method) => keys.has(method)) ? 'phr' : 'urn:curfew:acr:mfa';
}

const rank = (context: AuthenticationContext | null | undefined): number =>
  context ? authenticationContexts.indexOf(context) : -1;

/** Whether what was proved is at least what is wanted; nothing wanted is always reached. */
export const reaches = (
  proved: AuthenticationContext | undefined,
  wanted: AuthenticationContext | null,
): boolean => rank(proved) >= rank(wanted);

/** The stronger of two wanted context classes; null where neither is wanted. */
export const strongerContext = (
  a: AuthenticationContext | null,
  b: AuthenticationContext | null,
): AuthenticationContext | null => (rank(a) >= rank(b) ? a : b);

/** The weakest of the context classes named, which all the stronger ones contain; null where none of them is known here. */
export const weakestOf = (values: readonly unknown[]): AuthenticationContext | null =>
  authenticationContexts.find((context) => values.includes(context)) ?? null;

/** The context classes that meet a demand for one of these: each with those that contain it; an unknown one stands for itself. */
export function contextsMeeting(demanded: readonly string[]): readonly string[] {
  const containing = (context: string) =>
    isAuthenticationContext(context) ? authenticationContexts.slice(rank(context)) : [];
  return [...new Set([...demanded, ...demanded.flatMap(containing)])];
}

/**
 * The context class to tell a client that asked for some: the strongest of those that was proved, because a client compares (OpenID Connect
 * Core §5.5.1.1); else what was proved.
 */
export function contextToTell(
  proved: AuthenticationContext | undefined,
  asked: readonly unknown[],
): AuthenticationContext | undefined {
  const met = authenticationContexts.filter((context) => asked.includes(context) && reaches(proved, context));
  return met.at(-1) ?? proved;
}

/** The least context class that a policy requires, weakest first; `none` is content with any sign-in. */
export const requirableContexts = ['none', 'urn:curfew:acr:mfa', 'phr'] as const;

/** One of those. */
export type RequiredAuthenticationContext = (typeof requirableContexts)[number];

/** The same in the few words that a setting of a policy has room for. */
export const contextWords: { readonly [Context in RequiredAuthenticationContext]: string } = {
  none: 'none',
  'urn:curfew:acr:mfa': 'two factors',
  phr: 'a passkey',
};

/** The context class that a policy demands; null where it demands none. */
export const demandedBy = (requiredAcr: RequiredAuthenticationContext): AuthenticationContext | null =>
  requiredAcr === 'none' ? null : requiredAcr;

/** Whether the methods of a sign-in are enough for a policy. */
export const meetsPolicy = (
  methods: readonly string[] | undefined,
  { requiredAcr }: { readonly requiredAcr: RequiredAuthenticationContext },
): boolean => requiredAcr === 'none' || reaches(contextOf(methods), requiredAcr);

/** A demand of a request or a policy on how a person proved who they are, and the facts that it is compared with. */
export interface AuthenticationContextQuestion {
  readonly proved: AuthenticationContext | undefined;
  /** The class that the policy in force and the essential claims of the request demand. */
  readonly required: AuthenticationContext | null;
  /** The class that the request asks for without insisting (`acr_values`). */
  readonly wanted: AuthenticationContext | null;
  /** The strongest that the account can prove with the factors it has; undefined where nobody is signed in. */
  readonly reachable: AuthenticationContext | undefined;
}

/** Whether a sign-in answers, must be proved further, or cannot ever answer. Handle it exhaustively. */
export type ContextDecision = 'answer' | 'prove' | 'unmet';

/** Compares a sign-in with what is demanded of it. A wish that the account cannot meet is no hindrance (OpenID Connect Core §5.5.1.1). */
export function decideContext({
  proved,
  required,
  wanted,
  reachable,
}: AuthenticationContextQuestion): ContextDecision {
  if (!reaches(proved, required)) return reaches(reachable, required) ? 'prove' : 'unmet';
  return !reaches(proved, wanted) && reaches(reachable, wanted) ? 'prove' : 'answer';
}
