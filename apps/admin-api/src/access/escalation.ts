import { ProblemError } from '@curfew/problem';
import type { Caller } from './caller.js';
import { type AdminScope, adminScopeNames, isAdminScope } from './scopes.js';

/** 403: nobody hands out, or takes over, more than they hold themselves. */
const beyondOwnScopes = (): ProblemError =>
  new ProblemError({
    status: 403,
    code: 'beyond_own_scopes',
    detail: 'This would give access to the admin API with scopes that the caller does not have.',
  });

/** What of the admin API a client may ask tokens for; without a list of scopes, everything. */
export function adminScopesOfClient(
  metadata: {
    readonly scope?: string | null | undefined;
    readonly resources?: readonly string[] | null | undefined;
  },
  adminUrl: string,
): readonly AdminScope[] {
  if (!metadata.resources?.includes(adminUrl)) return [];
  return metadata.scope == null ? adminScopeNames : metadata.scope.split(' ').filter(isAdminScope);
}

/** Throws unless the caller holds all of these scopes. */
export function requireOwn(caller: Caller, scopes: Iterable<AdminScope>): void {
  for (const scope of scopes) if (!caller.scopes.has(scope)) throw beyondOwnScopes();
}
