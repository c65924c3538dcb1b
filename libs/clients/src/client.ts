// A registered client: its metadata, its id, and the secrets by which it proves itself.

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Instant, isPast } from '@curfew/session-policy';
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

/** The longest address of a document that is taken for the id of a client. */
const longestAddress = 255;

/**
 * The host, with its port where it is not 443, of a client id that is the address of a document about the client; null for any other id
 * (draft-ietf-oauth-client-id-metadata-document §3). Only the normal form with a path and without query, fragment and credentials is one,
 * so that a document has one address, and a host one spelling.
 */
export const documentHost = (id: string): string | null => {
  if (id.length > longestAddress || !/^https:\/\/[\x21-\x7e]+$/.test(id) || !URL.canParse(id)) return null;
  const url = new URL(id);
  const isPlain = url.username === '' && url.password === '' && !/[?#]/.test(id);
  return isPlain && url.href === id && url.pathname !== '/' ? url.host : null;
};

/** Whether a text is a host as `documentHost` names it. */
export const isDocumentHost = (host: string): boolean => documentHost(`https://${host}/client`) === host;

/** Whether a text can be the id of a client at all; all others are unknown without asking. */
export const isClientId = (id: string): boolean => isRegisteredId(id) || documentHost(id) !== null;

const prefix = 'cfw_cs_';
const randomLength = 32;

/** A secret as it is stored. */
export interface StoredSecret {
  readonly id: string;
  /** SHA-256 of the secret: 256 random bits need no slow hash. */
  readonly hash: Uint8Array;
  readonly createdAt: Instant;
  /** null: until it is rolled over. */
  readonly expiresAt: Instant | null;
}

/** A new secret of 256 random bits; the prefix lets secret scanners find leaks. */
export const newSecret = (): string => `${prefix}${randomBytes(randomLength).toString('base64url')}`;

/** The hash that is stored of a secret. */
export const hashSecret = (secret: string): Buffer => hash('sha256', secret, 'buffer');

/** Whether a secret is still accepted. */
export const isActive = (secret: Pick<StoredSecret, 'expiresAt'>, now: Instant): boolean =>
  secret.expiresAt === null || !isPast(secret.expiresAt, now);

const decoy = hashSecret(newSecret());

/**
 * Whether `presented` is one of the client's active secrets. Every active one is compared in full, and a client without
 * any costs a comparison too, so the time tells neither which one matched nor whether there is one.
 */
export const verifySecret = (
  client: { readonly secrets: readonly StoredSecret[] } | null,
  presented: string,
  now: Instant,
): boolean => {
  const hash = hashSecret(presented);
  const active = (client?.secrets ?? []).filter((secret) => isActive(secret, now));
  let found = false;
  for (const secret of active) {
    if (timingSafeEqual(secret.hash, hash)) found = true;
  }
  if (active.length === 0) timingSafeEqual(decoy, hash);
  return found;
};
