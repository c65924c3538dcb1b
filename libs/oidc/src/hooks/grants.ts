import type { ConsentedAccess, ConsentService } from '@curfew/accounts';
import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import { currentScope } from '../request-scope.js';

/**
 * Every authorization gets a grant of its own, made from remembered consent where there is one, so that two tabs, two
 * devices or two sign-ins never share a lineage. The grant's id becomes the session's id, and the `sid` of ID tokens.
 */
export const grantForAuthorization =
  (consents: ConsentService) =>
  async (ctx: KoaContextWithOIDC): Promise<Grant | undefined> => {
    const { client, session, result, provider } = ctx.oidc;
    if (!client || !session) return undefined;
    const fromConsent = (result?.['consent'] as { grantId?: string } | undefined)?.grantId;
    return fromConsent ? provider.Grant.find(fromConsent) : remembered(ctx, consents);
  };

async function remembered(ctx: KoaContextWithOIDC, consents: ConsentService): Promise<Grant | undefined> {
  const { client, account, provider } = ctx.oidc;
  if (!client || !account) return undefined;
  const { consent: known } = currentScope();
  const isKnown = known?.accountId === account.accountId && known.clientId === client.clientId;
  const consent = isKnown ? known.given : await consents.find(account.accountId, client.clientId);
  if (!consent) return undefined;
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grantAccess(grant, within(ctx, consent));
  await grant.save();
  return grant;
}

/** Writes an access into a grant. */
export function grantAccess(grant: Grant, { scopes, claims, resources }: ConsentedAccess): void {
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  if (claims.length > 0) grant.addOIDCClaims([...claims]);
  for (const [audience, allowed] of Object.entries(resources)) {
    if (allowed.length > 0) grant.addResourceScope(audience, allowed.join(' '));
  }
}

/** The part of the consent that this request asks for: a session never carries more than it needs. */
function within(ctx: KoaContextWithOIDC, consented: ConsentedAccess): ConsentedAccess {
  const { requestParamScopes, requestParamClaims, resourceServers } = ctx.oidc;
  const asked = (scopes: readonly string[]) => scopes.filter((scope) => requestParamScopes.has(scope));
  const audiences = Object.keys(resourceServers ?? {});
  const resources = audiences.map(
    (audience) => [audience, asked(consented.resources[audience] ?? [])] as const,
  );
  return {
    scopes: asked(consented.scopes),
    claims: consented.claims.filter((claim) => requestParamClaims.has(claim)),
    resources: Object.fromEntries(resources),
  };
}
