import { relyingPartyOf } from '@curfew/accounts/factors';
import { proofAlgorithms } from '@curfew/resource-server/dpop';
import { type SessionPolicy } from '@curfew/session-policy';
import { type AuthenticationContext, authenticationContexts } from '@curfew/session-policy/authentication';
import { claimsByScope, lifetimes, routes } from '@curfew/token-endpoint';
import { clockTolerance } from '@curfew/token-endpoint/client';
import type { Configuration } from 'oidc-provider';
import { errors } from 'oidc-provider';
import { CookieKeys } from './cookie-keys.js';
import { accountFor } from './hooks/accounts.js';
import { certificateBinding } from './hooks/certificates.js';
import { extraMetadata, pkceRequired } from './hooks/client-leniency.js';
import { sessionCookieName } from './hooks/device-notices.js';
import { grantForAuthorization } from './hooks/grants.js';
import { whenPeopleAreAsked } from './hooks/interaction-policy.js';
import { devicePages, logoutPages, renderError } from './hooks/pages.js';
import { defaultResource, resourceServerFor } from './hooks/resources.js';
import { scopeValidation } from './hooks/scopes.js';
import type { ProtocolParts } from './protocol-parts.js';
import { currentScope } from './request-scope.js';
import { adapterFor } from './storage/adapters.js';

/** Signature algorithms, weakest thing accepted first; `none` and shared-secret ones are never among them (RFC 8725 §3.1). */
export const signatures = {
  idToken: ['ES256', 'EdDSA', 'RS256'],
  client: ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'RS256'],
} as const;

/**
 * Seconds for which a browser keeps the cookie at most: the configured time, and never longer than the policy of everyone lets a sign-in
 * live.
 */
export const cookieLifetime = (configured: number, everyones: SessionPolicy | undefined): number =>
  Math.min(configured, everyones?.absoluteLifetime ?? configured);

/** Everything about oidc-provider that is switched, in one place; a snapshot test pins the result. */
export function providerConfiguration(
  parts: ProtocolParts,
  jwks: NonNullable<Configuration['jwks']>,
): Configuration {
  return {
    adapter: adapterFor(parts) as NonNullable<Configuration['adapter']>,
    jwks,
    findAccount: accountFor(parts.accounts, parts.consents),
    features: features(parts),
    ...tokens(parts),
    ...edges(parts),
    // The only response type there is: no implicit, no hybrid, no password grant (RFC 9700 §2.1.2, §2.4).
    responseTypes: ['code'],
    scopes: ['openid', 'offline_access'],
    extraParams: scopeValidation(parts.clients),
    extraClientMetadata: { properties: [...extraMetadata] },
    claims: { ...claimsByScope, amr: null, session_expiry: null },
    subjectTypes: ['public'],
    acrValues: provableContexts(parts),
    pkce: { required: pkceRequired },
    conformIdTokenClaims: true,
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    // The library takes authorization requests by POST only with cookies that every site may send along. The front door
    // turns such a POST into a GET instead (OpenID Connect Core §3.1.2.1 wants both), and the cookies stay SameSite=Lax.
    enableHttpPostMethods: false,
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientDefaults: {
      id_token_signed_response_alg: 'ES256',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
    enabledJWA: {
      idTokenSigningAlgValues: [...signatures.idToken],
      clientAuthSigningAlgValues: [...signatures.client],
      dPoPSigningAlgValues: [...proofAlgorithms],
    },
  };
}

/** The context classes that somebody can prove here (`acr_values_supported`): `phr` where there can be passkeys. */
const provableContexts = ({ issuer }: ProtocolParts): AuthenticationContext[] =>
  authenticationContexts.filter((context) => context !== 'phr' || 'id' in relyingPartyOf(issuer));

function features(parts: ProtocolParts): NonNullable<Configuration['features']> {
  const { clients, pages, keys } = parts;
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: {
      enabled: true,
      deviceInfo: (ctx) => ({
        ip: currentScope().signals.ip ?? undefined,
        ua: ctx.get('user-agent').slice(0, 256) || undefined,
      }),
      mask: '****-****',
      charset: 'base-20',
      ...devicePages(parts),
    },
    dPoP: { enabled: true, nonceSecret: keys.dpopNonce, requireNonce: () => false, allowReplay: false },
    introspection: { enabled: true },
    // Signed answers (RFC 9701) are those of our own endpoint.
    jwtIntrospection: { enabled: false },
    revocation: { enabled: true },
    pushedAuthorizationRequests: {
      enabled: true,
      requirePushedAuthorizationRequests: false,
      allowUnregisteredRedirectUris: false,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: defaultResource(clients),
      getResourceServerInfo: resourceServerFor(clients),
      // RFC 8707 §2.2: the token endpoint need not be asked again for an API that the authorization endpoint was asked for.
      useGrantedResource: () => true,
    },
    rpInitiatedLogout: logoutPages(pages, clients),
    userinfo: { enabled: true },
    mTLS: certificateBinding(parts.certificateHeader),
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    // Every end, not only a logout at the browser, is announced to clients, so delivery is ours.
    backchannelLogout: { enabled: false },
    registration: { enabled: false },
    requestObjects: { enabled: false },
    claimsParameter: { enabled: true },
    encryption: { enabled: false },
    jwtUserinfo: { enabled: false },
    jwtResponseModes: { enabled: false },
    ciba: { enabled: false },
    fapi: { enabled: false, profile: undefined },
    richAuthorizationRequests: { enabled: false },
    webMessageResponseMode: { enabled: false },
    attestClientAuth: { enabled: false },
  };
}

function tokens(parts: ProtocolParts): Partial<Configuration> {
  return {
    // Sessions are bound to their browser session in our own row; the library's binding covers opaque tokens only.
    expiresWithSession: () => false,
    loadExistingGrant: grantForAuthorization(parts.consents),
    ttl: {
      AuthorizationCode: lifetimes.authorizationCode,
      DeviceCode: lifetimes.deviceCode,
      IdToken: lifetimes.idToken,
      Interaction: lifetimes.interaction,
      // A grant is stored only until its code is redeemed; then it is part of the session.
      Grant: lifetimes.grant,
      Session: () => cookieLifetime(parts.cookies.lifetime, currentScope().everyones),
    },
  };
}

function edges(parts: ProtocolParts): Partial<Configuration> {
  const { cookies } = parts;
  const flags = {
    httpOnly: true,
    sameSite: 'lax',
    secure: cookies.secure,
    signed: true,
    overwrite: true,
  } as const;
  return {
    cookies: {
      // Interactions need a path of their own.
      names: {
        session: sessionCookieName(cookies),
        interaction: `${cookies.name}_interaction`,
        resume: `${cookies.name}_resume`,
      },
      keys: new CookieKeys(parts.keys.cookies),
      long: { ...flags, path: '/' },
      short: flags,
    },
    interactions: {
      policy: whenPeopleAreAsked(parts.sessions, parts.accounts, provableContexts(parts)),
      url: (_ctx, { uid }) => `${parts.basePath}/interaction/${uid}`,
    },
    renderError: renderError(parts),
    routes,
    // Clients in a browser: tokens, userinfo and revocation for origins they registered redirect URIs for; RFC 9700 §2.6 forbids it elsewhere.
    clientBasedCORS: (ctx, origin, client) => {
      // The scheme of an app has no origin, which must not match the `Origin: null` that any sandboxed page can send.
      const isOwn = (uri: string) => URL.canParse(uri) && origin !== 'null' && new URL(uri).origin === origin;
      if ((client.redirectUris ?? []).some(isOwn)) return true;
      // The library's own refusal repeats the origin and the client.
      ctx.remove('Access-Control-Allow-Origin');
      throw new errors.InvalidRequest('the client may not be used from this origin');
    },
    // Keys of clients are asked for where assertions are checked; the library has nobody to ask.
    fetch: async () => {
      throw new TypeError('oidc-provider asks no other server');
    },
    // RFC 9701 §7: signed introspection answers, by hooks of our own.
    discovery: {
      ui_locales_supported: [...parts.pages.languages],
      // OpenID Connect Prompt Create 1.0 §5; the library does not say it.
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      introspection_signing_alg_values_supported: [...signatures.idToken],
      // Logout tokens are sent from the outbox, for every kind of end; the library would do it for sign-outs only.
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      ...(parts.clientDocuments && { client_id_metadata_document_supported: true }),
      ...(parts.globalRevocation && { global_token_revocation_endpoint: parts.globalRevocation }),
    },
    clockTolerance,
  };
}
