import { type Account, type AccountService, contextWith, reachableContext } from '@curfew/accounts';
import {
  type AuthenticationContext,
  contextOf,
  decideContext,
  demandedBy,
  reaches,
  strongerContext,
  weakestOf,
} from '@curfew/session-policy/authentication';
import type { SessionService } from '@curfew/sessions';
import type { AcrClaimRequest } from '@curfew/token-endpoint';
import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { currentScope } from '../request-scope.js';

/** The name under which the library tells the pages of the check. */
export const contextRequired = 'authentication_context';

/**
 * A check for the prompt that asks for a sign-in, in place of the library's own for `acr`, which knows no order of context classes. The
 * class that was proved must reach the one that is demanded; if the account cannot prove that one, the client is told so
 * (`unmet_authentication_requirements`).
 */
export function contextOfSignIn(parts: ContextParts): interactionPolicy.Check {
  const { Check } = interactionPolicy;
  return new Check(
    contextRequired,
    'End-User authentication does not reach the requested authentication context class',
    'login_required',
    async (ctx) => {
      const needed = await toBeProved(ctx, parts);
      if (needed === null) return Check.NO_NEED_TO_PROMPT;
      neededOf.set(ctx, needed);
      return Check.REQUEST_PROMPT;
    },
    (ctx) => ({ [contextNeeded]: neededOf.get(ctx) }),
  );
}

/** The member of a sign-in prompt's details that holds the context class to be proved. */
export const contextNeeded = 'contextNeeded';

/** The details of a prompt that asks for a context class. */
export interface ContextPromptDetails {
  readonly [contextNeeded]?: AuthenticationContext | undefined;
}

/** The class to be proved, from the check to the details of the prompt. */
const neededOf = new WeakMap<KoaContextWithOIDC, AuthenticationContext>();

/** The parts that the check asks: factors of accounts, and policies. */
export interface ContextParts {
  readonly accounts: AccountService;
  readonly sessions: SessionService;
  /** The context classes that somebody can prove here. */
  readonly provable: readonly AuthenticationContext[];
}

/** Replaces the checks of the library for `acr` by the one above. */
export function checkContexts(policy: interactionPolicy.DefaultPolicy, parts: ContextParts): void {
  const { checks } = policy.get('login')!;
  checks.remove('essential_acrs');
  checks.remove('essential_acr');
  checks.add(contextOfSignIn(parts));
}

/** The context class that the person must still prove; null where they need not. @throws UnmetAuthenticationRequirements */
async function toBeProved(
  ctx: KoaContextWithOIDC,
  { accounts, sessions, provable }: ContextParts,
): Promise<AuthenticationContext | null> {
  const { client, resourceServers, session } = ctx.oidc;
  const asked = askedContexts(ctx);
  if (!client || !session?.accountId) return null;
  const { accountId } = session;
  const policy = await sessions.policyFor(client.clientId, Object.keys(resourceServers ?? {}), accountId);
  const ofPolicy = demandedBy(policy.requiredAcr);
  const { wanted } = asked;
  const isOfRisk = awaitsStepUp(session.uid, accountId);
  const { amr = [] } = session as { amr?: string[] };
  const proved = contextOf(amr);
  // Most requests ask for nothing more than was proved: then the account need not be read.
  const most = strongerContext(strongerContext(asked.required, ofPolicy), wanted);
  if (!isOfRisk && reaches(proved, most)) return null;
  const account = currentScope().staged.account(accountId) ?? (await accounts.findById(accountId));
  const possible = account ? reachableContext(account) : 'urn:curfew:acr:sfa';
  const reachable = account ? await reachableFrom(amr, account, accounts) : possible;
  // A person whose account lacks a factor that the policy wants is led to set one up, once they have proved what they can (enrolment.ts).
  const isLacking = ofPolicy !== null && provable.includes(ofPolicy) && !reaches(possible, ofPolicy);
  const demanded = isLacking ? asked.required : strongerContext(asked.required, ofPolicy);
  // A thief of the password must not answer a step-up with it, where the account has more than that (RFC 9470).
  const required = isOfRisk ? strongerContext(demanded, reachable ?? null) : demanded;
  const decision = decideContext({ proved, required, wanted, reachable });
  // A page that asks for a sign-in anyway may bring another account.
  if (decision === 'unmet' && !ctx.oidc.promptPending('login')) throw unmet();
  return decision === 'prove' ? strongerContext(required, reaches(reachable, wanted) ? wanted : null) : null;
}

const unmet = () =>
  new errors.UnmetAuthenticationRequirements('the requested authentication context class cannot be proved');

/** Whether risk demanded a step-up of a session that came of this browser, and has had none yet. */
function awaitsStepUp(browserSessionUid: string, accountId: string): boolean {
  const found = currentScope().staged.foundBrowserSession(browserSessionUid);
  return found?.payload.accountId === accountId && (found.signIn?.stepUpRequiredAt ?? null) !== null;
}

/**
 * The strongest context class that a sign-in which proved these methods can be brought to here. An account without a password, whose person
 * signs in elsewhere, has no more than its factors to add.
 */
async function reachableFrom(
  amr: readonly string[],
  account: Account,
  accounts: AccountService,
): Promise<AuthenticationContext | undefined> {
  const [possible, added] = [reachableContext(account), contextWith(amr, account.secondFactors)];
  // The password need not be asked for if the factors are enough.
  return reaches(added, possible) || !(await accounts.hasPassword(account.id)) ? added : possible;
}

/**
 * The context classes that a request asks for: by `claims` as a demand or a wish, by `acr_values` as a wish. The library lets `acr_values` replace the claim,
 * also one that is essential, so that one is put back here. @throws InvalidRequest, UnmetAuthenticationRequirements
 */
function askedContexts(ctx: KoaContextWithOIDC): {
  readonly required: AuthenticationContext | null;
  readonly wanted: AuthenticationContext | null;
} {
  const { params } = ctx.oidc;
  const acrValues = typeof params?.['acr_values'] === 'string' ? params['acr_values'].split(' ') : [];
  const request = acrRequestOf(params?.['claims']);
  const values = request && valuesOf(request);
  if (request?.essential !== true || !values)
    return { required: null, wanted: strongerContext(weakestOf(acrValues), weakestOf(values ?? [])) };
  const { claims } = ctx.oidc as { claims?: { id_token?: Record<string, unknown> } };
  if (claims?.id_token) claims.id_token['acr'] = request;
  const required = weakestOf(values);
  if (required === null) throw unmet();
  return { required, wanted: weakestOf(acrValues) };
}

/** The weakest class that answers a request, as far as its parameters ask for one; null where they ask for none. */
export function contextAskedBy(params: Readonly<Record<string, unknown>>): AuthenticationContext | null {
  const acrValues = typeof params['acr_values'] === 'string' ? params['acr_values'].split(' ') : [];
  const request = acrRequestOf(params['claims']);
  const values = (request && valuesOf(request)) ?? [];
  return strongerContext(weakestOf(acrValues), weakestOf(values));
}

/** The request for `acr` in a `claims` parameter, which the library has found to be well formed. */
function acrRequestOf(claims: unknown): AcrClaimRequest | undefined {
  if (typeof claims !== 'string') return undefined;
  const { id_token: idToken } = JSON.parse(claims) as { id_token?: { acr?: AcrClaimRequest | null } };
  return idToken?.acr ?? undefined;
}

/** The context classes of such a request; undefined where it names none and so is content with any. */
function valuesOf({ value, values }: AcrClaimRequest): readonly unknown[] | undefined {
  if (value === undefined && values === undefined) return undefined;
  const all = values === undefined ? [value] : values;
  if (!Array.isArray(all) || !all.every((one) => typeof one === 'string'))
    throw new errors.InvalidRequest('claims.id_token.acr must name its values as strings');
  return all;
}
