import type { Instant } from '@curfew/session-policy';

/** The access an account allows a client: scopes and claims about the person, and scopes per API. */
export interface ConsentedAccess {
  /** Scope values of OpenID Connect, e.g. `openid`, `email`. */
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
  /** Audience of an API to the scopes allowed there. */
  readonly resources: Readonly<Record<string, readonly string[]>>;
}

/** Remembered consent, which need not be asked for again at the next authorization. */
export interface Consent extends ConsentedAccess {
  readonly accountId: string;
  readonly clientId: string;
  readonly grantedAt: Instant;
}

const union = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])].sort();

/** The union of earlier and new access. */
export const mergeAccess = (before: ConsentedAccess, now: ConsentedAccess): ConsentedAccess => {
  const audiences = union(Object.keys(before.resources), Object.keys(now.resources));
  const scopesFor = (audience: string) =>
    union(before.resources[audience] ?? [], now.resources[audience] ?? []);
  return {
    scopes: union(before.scopes, now.scopes),
    claims: union(before.claims, now.claims),
    resources: Object.fromEntries(audiences.map((audience) => [audience, scopesFor(audience)])),
  };
};

/** Whether everything in `asked` was allowed in `given`. */
export const isCovered = (asked: ConsentedAccess, given: ConsentedAccess): boolean => {
  const within = (part: readonly string[], whole: readonly string[]) =>
    part.every((one) => whole.includes(one));
  return (
    within(asked.scopes, given.scopes) &&
    within(asked.claims, given.claims) &&
    Object.entries(asked.resources).every(([audience, scopes]) =>
      within(scopes, given.resources[audience] ?? []),
    )
  );
};
