import type { Instant } from '@curfew/session-policy';
import { documentHost } from './document-address.js';
import type { PublicKeySet } from './key-set-rules.js';

/** The grant types a client may be registered for; any other is refused. */
export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const;

/** A grant type a client may be registered for. */
export type GrantType = (typeof grantTypes)[number];

/** How a client may authenticate; `none` makes it a public client. */
export const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const;

/** A way a client may authenticate. */
export type AuthMethod = (typeof authMethods)[number];

/** Names that RFC 8705 §2 gives to certificates: kept free, and refused until they are offered. */
export const reservedAuthMethods = ['tls_client_auth', 'self_signed_tls_client_auth'] as const;

/** Signature algorithms a client may choose for its ID tokens. */
export const idTokenAlgs = ['ES256', 'EdDSA', 'RS256'] as const;

/** A signature algorithm of ID tokens and of JWT access tokens. */
export type IdTokenAlg = (typeof idTokenAlgs)[number];

/** Signature algorithms of client assertions (private_key_jwt). */
export const assertionAlgs = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'RS256'] as const;

/** A signature algorithm of client assertions. */
export type AssertionAlg = (typeof assertionAlgs)[number];

/** An API for which a client may exchange access tokens of people (RFC 8693), and within which bounds. */
export interface ExchangeRight {
  /** Audience of the API that exchanged tokens are for. */
  readonly resource: string;
  /** Scope values that they may have at most, separated by spaces. */
  readonly scope: string;
  /** The number of clients that may act one for another, this one included; 1 unless stated. */
  readonly max_depth?: number | undefined;
  /** Seconds that they live at most. */
  readonly max_lifetime?: number | undefined;
}

/** Client metadata, by their RFC 7591 names where they have one. */
export interface ClientMetadata {
  readonly redirect_uris: readonly string[];
  readonly post_logout_redirect_uris: readonly string[];
  readonly grant_types: readonly GrantType[];
  /** Follows from the grant types: `code` or nothing. */
  readonly response_types: readonly 'code'[];
  /** OpenID Connect Registration §2; a native client may use any loopback port (RFC 8252 §7.3). */
  readonly application_type: 'web' | 'native';
  readonly token_endpoint_auth_method: AuthMethod;
  readonly token_endpoint_auth_signing_alg?: AssertionAlg;
  readonly jwks?: PublicKeySet;
  readonly jwks_uri?: string;
  /** Scope values the client may ask for, separated by spaces; without it, any of its resources and of OpenID Connect. */
  readonly scope?: string;
  readonly id_token_signed_response_alg: IdTokenAlg;
  readonly dpop_bound_access_tokens: boolean;
  /** RFC 8705 §3.4; absent where it is false, so that versions which do not know it can read every other client. */
  readonly tls_client_certificate_bound_access_tokens?: true;
  readonly require_pushed_authorization_requests: boolean;
  /** Absent: PKCE is required. False: a confidential client may send a nonce instead (RFC 9700 §2.1.1). */
  readonly require_pkce?: false;
  /** Absent: a client assertion names the issuer. `any`: it may name the token or the pushed request endpoint (RFC 9126 §2). */
  readonly assertion_audience?: 'any';
  /** Scope values of a request that names none (RFC 6749 §3.3), separated by spaces. */
  readonly default_scope?: string;
  readonly backchannel_logout_uri?: string;
  readonly backchannel_logout_session_required: boolean;
  readonly client_uri?: string;
  readonly logo_uri?: string;
  /** A logo of its own for the pages of sign-in and consent, as a PNG in base64. */
  readonly logo_png?: string;
  /** The colour of links and buttons on these pages, `#rrggbb`, by the appearance that the person prefers. */
  readonly accent_color_light?: string;
  readonly accent_color_dark?: string;
  readonly policy_uri?: string;
  readonly tos_uri?: string;
  readonly contacts: readonly string[];
  /** Seconds. */
  readonly default_max_age?: number;
  /** Audiences the client may ask tokens for (RFC 8707). */
  readonly resources: readonly string[];
  /** The APIs for which it may exchange access tokens of people (RFC 8693). */
  readonly token_exchange?: readonly ExchangeRight[];
}

/** Facts that identify one of a client's secrets, without the secret. */
export interface ClientSecretInfo {
  readonly id: string;
  readonly createdAt: Instant;
  /** null: until it is rolled over. */
  readonly expiresAt: Instant | null;
}

/** A registered client. */
export interface Client {
  readonly id: string;
  readonly name: string;
  readonly metadata: ClientMetadata;
  /** The audience it answers for when it introspects, if it is a resource server. */
  readonly resource: string | null;
  readonly disabledAt: Instant | null;
  /** Made at the first start for trying things out; refused in production. */
  readonly firstRun: boolean;
  /** Until when the document that introduced it need not be read again; absent for a client that was registered here. */
  readonly documentFreshUntil?: Instant;
  /** Counts changes; a change names the version it was made from. */
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** Whether the client authenticates with a secret of ours. */
export const usesSecret = (method: AuthMethod): boolean =>
  method === 'client_secret_basic' || method === 'client_secret_post';

/** Whether the client cannot keep a secret (RFC 6749 §2.1). */
export const isPublicClient = (client: Pick<Client, 'metadata'>): boolean =>
  client.metadata.token_endpoint_auth_method === 'none';

/** Whether every token of the client is bound to a key of its own (RFC 9449, RFC 8705 §3). */
export const isSenderConstrained = ({ metadata }: Pick<Client, 'metadata'>): boolean =>
  metadata.dpop_bound_access_tokens || metadata.tls_client_certificate_bound_access_tokens === true;

/** Whether a text can be the id of a client that is registered here. */
export const isRegisteredId = (id: string): boolean => /^[A-Za-z0-9._~-]{1,64}$/.test(id);

/** Whether a text can be the id of a client at all; all others are unknown without asking. */
export const isClientId = (id: string): boolean => isRegisteredId(id) || documentHost(id) !== null;
