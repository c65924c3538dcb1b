import { type ClientMetadata, type GrantType, isClientId } from './client.js';
import { type ReadRegistration, type RegistrationRules, registrationSchema } from './client-schema.js';
import { addressInPath } from './document-address.js';
import { sentencesOf } from './faults.js';
import { RegistrationError } from './registration-error.js';
import { tokenExchangeGrant } from './token-exchange.js';
import { isPrivateUseUri } from './uri-rules.js';

interface Relation {
  readonly breaks: (r: ReadRegistration, has: (grant: GrantType) => boolean) => boolean;
  readonly sentence: string;
}

const hasRepeats = (list: readonly string[]): boolean => new Set(list).size < list.length;

/** A client that is held to the FAPI 2.0 Security Profile, as far as its registration tells. */
const isHeldToFapi = (r: ReadRegistration): boolean =>
  r.dpop_bound_access_tokens ||
  r.tls_client_certificate_bound_access_tokens === true ||
  r.require_pushed_authorization_requests;

/** Whether the scope values of the first list are all on the second; without a second list everything may be asked for. */
const isWithin = (scopes: string | undefined, allowed: string | undefined): boolean => {
  if (scopes === undefined || allowed === undefined) return true;
  const among = new Set(['openid', ...allowed.split(' ')]);
  return scopes.split(' ').every((scope) => among.has(scope));
};

const deviceCode: GrantType = 'urn:ietf:params:oauth:grant-type:device_code';

/** Relations between members; each is one line, and all that are broken are reported together. */
const relations: readonly Relation[] = [
  {
    breaks: (r, has) => has('authorization_code') && r.redirect_uris.length === 0,
    sentence: 'redirect_uris must have an entry for the grant type authorization_code',
  },
  {
    breaks: (r, has) => !has('authorization_code') && r.redirect_uris.length > 0,
    sentence: 'redirect_uris must be empty without the grant type authorization_code',
  },
  {
    breaks: (r, has) =>
      r.response_types !== undefined && r.response_types.length > 0 !== has('authorization_code'),
    sentence: 'response_types must be "code" with the grant type authorization_code, and empty without',
  },
  {
    breaks: (_, has) => has('refresh_token') && !has('authorization_code') && !has(deviceCode),
    sentence: 'grant_types must have authorization_code or device_code where it has refresh_token',
  },
  {
    // RFC 6749 §4.4: "MUST only be used by confidential clients".
    breaks: (r, has) => has('client_credentials') && r.token_endpoint_auth_method === 'none',
    sentence: 'token_endpoint_auth_method must not be none with the grant type client_credentials',
  },
  {
    breaks: (r, has) => has(tokenExchangeGrant) !== (r.token_exchange ?? []).length > 0,
    sentence: `token_exchange must have an entry with the grant type ${tokenExchangeGrant}, and none without`,
  },
  {
    // RFC 8693 §5: a client that acts for a person has to be known for sure.
    breaks: (r, has) => has(tokenExchangeGrant) && r.token_endpoint_auth_method === 'none',
    sentence: `token_endpoint_auth_method must not be none with the grant type ${tokenExchangeGrant}`,
  },
  {
    breaks: (r) => hasRepeats((r.token_exchange ?? []).map(({ resource }) => resource)),
    sentence: 'token_exchange must name each API once',
  },
  {
    breaks: (r) => r.grant_types.length === 0 && r.resource === null,
    sentence: 'grant_types may be empty for a resource server only (member resource)',
  },
  {
    // RFC 7662 §2.1: a client that introspects must authenticate.
    breaks: (r) => r.resource !== null && r.token_endpoint_auth_method === 'none',
    sentence: 'token_endpoint_auth_method must not be none for a resource server',
  },
  {
    breaks: (r) =>
      (r.token_endpoint_auth_method === 'private_key_jwt') !==
      ((r.jwks === undefined) !== (r.jwks_uri === undefined)),
    sentence: 'jwks or jwks_uri, exactly one of them, goes with private_key_jwt and with nothing else',
  },
  {
    breaks: (r) => r.jwks !== undefined && r.jwks_uri !== undefined,
    sentence: 'jwks and jwks_uri must not be used together',
  },
  {
    breaks: (r) =>
      r.token_endpoint_auth_signing_alg !== undefined && r.token_endpoint_auth_method !== 'private_key_jwt',
    sentence: 'token_endpoint_auth_signing_alg goes with private_key_jwt only',
  },
  {
    breaks: (r) => r.dpop_bound_access_tokens && r.tls_client_certificate_bound_access_tokens === true,
    sentence:
      'dpop_bound_access_tokens and tls_client_certificate_bound_access_tokens must not be used together',
  },
  {
    // RFC 8252 §7.1: an app receives what is sent to such a scheme; a web server never does.
    breaks: (r) =>
      r.application_type !== 'native' &&
      [...r.redirect_uris, ...r.post_logout_redirect_uris].some(isPrivateUseUri),
    sentence: 'application_type must be native for redirect_uris with the scheme of an app',
  },
  {
    // RFC 9700 §2.1.1: public clients MUST use PKCE; FAPI 2.0 §5.3.2.2: so must those whose tokens are bound to a key.
    breaks: (r) => r.require_pkce === false && (r.token_endpoint_auth_method === 'none' || isHeldToFapi(r)),
    sentence:
      'require_pkce must not be false for a public client, nor for one with bound tokens or pushed requests only',
  },
  {
    // FAPI 2.0 §5.3.2.1: the issuer identifier is the only audience, as a text.
    breaks: (r) =>
      r.assertion_audience !== undefined &&
      (r.token_endpoint_auth_method !== 'private_key_jwt' || isHeldToFapi(r)),
    sentence:
      'assertion_audience any goes with private_key_jwt only, and not with bound tokens or pushed requests only',
  },
  {
    breaks: (r) => !isWithin(r.default_scope, r.scope),
    sentence: 'default_scope must name scope values of the member scope only',
  },
  {
    breaks: (r) =>
      [r.redirect_uris, r.post_logout_redirect_uris, r.grant_types, r.resources, r.contacts].some(hasRepeats),
    sentence: 'no list may have the same entry twice',
  },
];

const refused = (violations: readonly string[]): RegistrationError => {
  const aboutRedirects = violations.length > 0 && violations.every((one) => one.startsWith('redirect_uris'));
  return new RegistrationError(
    aboutRedirects ? 'invalid_redirect_uri' : 'invalid_client_metadata',
    violations,
  );
};

/** A registration that keeps every rule, split as it is stored. */
export interface CheckedRegistration {
  readonly name: string;
  readonly resource: string | null;
  readonly metadata: ClientMetadata;
}

/** Drops members that are undefined, so that they are absent in the row as well. */
const present = <T extends object>(of: T): T =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as T;

/** Reads a registration; throws RegistrationError with every broken rule, by name and never by value. */
export const checkRegistration = (input: unknown, rules: RegistrationRules): CheckedRegistration => {
  const read = registrationSchema(rules).safeParse(input, { reportInput: true });
  if (!read.success) throw refused(sentencesOf(read.error.issues));
  const registration = read.data;
  const has = (grant: GrantType) => registration.grant_types.includes(grant);
  const broken = relations.filter((relation) => relation.breaks(registration, has));
  if (broken.length > 0) throw refused(broken.map((relation) => relation.sentence));
  const { client_name, resource, ...metadata } = registration;
  const response_types = has('authorization_code') ? (['code'] as const) : [];
  return {
    name: client_name,
    resource,
    metadata: present({ ...metadata, response_types }) as ClientMetadata,
  };
};

/** The registration of a stored client, to change it member by member. */
export const registrationOf = (checked: CheckedRegistration): Record<string, unknown> => ({
  ...checked.metadata,
  // Follows from the grant types, which may be what is changed.
  response_types: undefined,
  client_name: checked.name,
  resource: checked.resource,
});

/** The fault of the id of a new client, or null. */
export const idFault = (id: string): string | null => {
  if (!isClientId(id)) return 'client_id must have 1 to 64 characters, letters, digits and "._~-"';
  // In a path it would stand for that address, and hide the client that a document there introduces.
  if (addressInPath(id) !== undefined)
    return 'client_id must not be "~" before an https address in base64url, which is how a path names the client of a document at that address';
  return null;
};
