/** The consent of a person: scope values of OpenID Connect, scope values by API, and what they left out of each. */
export interface Granted {
  readonly openid?:
    | { readonly scope?: string | undefined; readonly claims?: readonly string[] | undefined }
    | undefined;
  readonly resources?: Readonly<Record<string, string>> | undefined;
  readonly rejected?: Omit<Granted, 'rejected'> | undefined;
}

const valuesOf = (scope: string | undefined): string[] => (scope ?? '').split(' ').filter(Boolean);

/** Claims that say how the person signed in; nobody can leave them out (OpenID Connect Core §5.5). */
const aboutTheSignIn: ReadonlySet<string> = new Set(['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss']);

/** The scope values of OpenID Connect that were allowed. `openid` cannot be left out once it was allowed. */
export function grantedOpenidScope({ openid, rejected }: Granted): readonly string[] {
  const without = new Set(valuesOf(rejected?.openid?.scope));
  return valuesOf(openid?.scope).filter((scope) => scope === 'openid' || !without.has(scope));
}

/** The scope values of an API that were allowed. */
export function grantedScopeOf(audience: string, { resources, rejected }: Granted): readonly string[] {
  const ofApi = (all: Granted['resources']) =>
    valuesOf(all && Object.hasOwn(all, audience) ? all[audience] : undefined);
  const without = new Set(ofApi(rejected?.resources));
  return ofApi(resources).filter((scope) => !without.has(scope));
}

/** The claims among these that may be given. */
export function grantedClaims(names: readonly string[], { openid, rejected }: Granted): readonly string[] {
  const allowed = new Set(openid?.claims);
  const without = new Set(rejected?.openid?.claims);
  return names.filter((name) => aboutTheSignIn.has(name) || (allowed.has(name) && !without.has(name)));
}
