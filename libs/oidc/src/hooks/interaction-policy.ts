import type { AccountService, ConsentedAccess } from '@curfew/accounts';
import type { AuthenticationContext } from '@curfew/session-policy/authentication';
import type { SessionService } from '@curfew/sessions';
import { type InteractionResults, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { checkContexts } from './authentication-context.js';
import { limitsOfSignIn } from './browser-sign-in.js';
import { promptOfEnrolment } from './enrolment.js';

/** The member of a consent prompt's details that holds what the grant has already. */
export const givenBefore = 'givenBefore';

/**
 * When a person is asked, and for what. To the library's own prompts comes one to choose an account (OpenID Connect Core §3.1.2.1);
 * signing in answers it. Policies say for how long a sign-in answers. A consent prompt also says what was allowed before, because all that will be granted is shown.
 */
export function whenPeopleAreAsked(
  sessions: SessionService,
  accounts: AccountService,
  /** The context classes that somebody can prove here. */
  provable: readonly AuthenticationContext[],
): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);
  policy.get('login')!.checks.add(limitsOfSignIn(sessions));
  checkContexts(policy, { accounts, sessions, provable });
  policy.add(promptOfEnrolment({ accounts, sessions }), policy.indexOf(policy.get('consent')!));
  Object.assign(policy.get('consent')!, {
    details: (ctx: KoaContextWithOIDC) => ({ [givenBefore]: alreadyGranted(ctx) }),
  });
  return policy;
}

/** A sign-in answers both prompts that ask who is there. */
export const signedInAs = (login: NonNullable<InteractionResults['login']>): InteractionResults => ({
  login,
  select_account: {},
});

/** The part of this request that its grant has from a remembered consent. */
function alreadyGranted({ oidc }: KoaContextWithOIDC): ConsentedAccess {
  const { grant, requestParamScopes, requestParamClaims, resourceServers = {} } = oidc;
  const granted = (scopes: string) => scopes.split(' ').filter((scope) => requestParamScopes.has(scope));
  const resources = Object.keys(resourceServers).map(
    (audience) => [audience, granted(grant?.getResourceScope(audience) ?? '')] as const,
  );
  return {
    scopes: granted(grant?.getOIDCScope() ?? ''),
    claims: (grant?.getOIDCClaims() ?? []).filter((claim) => requestParamClaims.has(claim)),
    resources: Object.fromEntries(resources.filter(([, scopes]) => scopes.length > 0)),
  };
}
