import type { IdentityProvider } from '@curfew/accounts/identity-providers';
import {
  type AuthenticationContext,
  type AuthenticationMethod,
  contextOf,
  contextsMeeting,
  methodsTogether,
  reaches,
} from '@curfew/session-policy/authentication';

type Believed = Pick<IdentityProvider, 'acrMethods' | 'believesAmr'>;

/**
 * The methods that a sign-in elsewhere counts for here: those that its class stands for by the settings of the provider, and those that it
 * tells, where they are believed. Nothing else is known of it, so that nothing else is told.
 */
export function methodsOf(
  { acr, amr }: Readonly<Record<string, unknown>>,
  { acrMethods, believesAmr }: Believed,
): readonly AuthenticationMethod[] {
  const ofClass = typeof acr === 'string' && Object.hasOwn(acrMethods, acr) ? acrMethods[acr]! : [];
  const told = believesAmr && Array.isArray(amr) ? amr.filter((one) => typeof one === 'string') : [];
  return methodsTogether(ofClass, told);
}

/** The classes of a provider that count here for at least this one, in its words, and ours where it may know them. */
export function classesFor(
  wanted: AuthenticationContext | null,
  { acrMethods, believesAmr }: Believed,
): readonly string[] {
  if (wanted === null) return [];
  const named = Object.entries(acrMethods).filter(([, methods]) => reaches(contextOf(methods), wanted));
  return [...new Set([...named.map(([acr]) => acr), ...(believesAmr ? contextsMeeting([wanted]) : [])])];
}
