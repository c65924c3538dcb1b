import { accentFault } from '@curfew/pages';
import { z } from 'zod';
import { assertionAlgs, authMethods, grantTypes, idTokenAlgs, reservedAuthMethods } from './client.js';
import type { PublicKeySet } from './key-set-rules.js';
import { keySetFaults } from './key-set-rules.js';
import { logoSchema } from './logo/logo.js';
import { audienceFault, fetchedUriFault, linkFault, redirectUriFault } from './uri-rules.js';

/** Rules that depend on the installation. */
export interface RegistrationRules {
  /** Development only: the service may fetch from and post to private and loopback addresses. */
  readonly allowPrivateAddresses: boolean;
}

/** A text with a rule of its own; the rule's sentence becomes the message, so that no value is ever repeated. */
const ruled = (fault: (text: string) => string | null) =>
  z.string({ error: 'must be a text' }).superRefine((text, context) => {
    const message = fault(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `must be one of ${names.join(', ')}` });

const listOf = <T extends z.ZodType>(item: T, most: number) =>
  z.array(item, { error: 'must be a list' }).max(most, { error: `must have at most ${most} entries` });

const flag = z.boolean({ error: 'must be true or false' });

const name = ruled((text) => {
  const shown = text.trim();
  if (shown.length < 1 || text.length > 200) return 'must have between 1 and 200 characters';
  return /\p{C}/u.test(text) ? 'must not contain control or invisible characters' : null;
});

/** RFC 6749 §3.3: scope tokens, here each once and in their usual form, separated by single spaces. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** The fault of one scope value, or null. */
export const scopeFault = (scope: string): string | null =>
  scopeToken.test(scope) ? null : 'must be a scope token of RFC 6749 §3.3 with at most 128 characters';

const scope = ruled((text) => {
  const scopes = text.split(' ');
  if (scopes.length > 200) return 'must have at most 200 scope values';
  if (new Set(scopes).size < scopes.length) return 'must not name a scope value twice';
  return scopes.every((one) => scopeToken.test(one))
    ? null
    : 'must be scope tokens separated by single spaces';
});

const authMethod = ruled((text) => {
  if (reservedAuthMethods.some((method) => method === text)) {
    return 'names authentication by certificate, which is reserved and not offered yet';
  }
  return authMethods.some((method) => method === text) ? null : `must be one of ${authMethods.join(', ')}`;
}).pipe(z.enum(authMethods));

const keySet = z.unknown().superRefine((value, context) => {
  for (const message of keySetFaults(value)) context.addIssue({ code: 'custom', message });
});

const contact = ruled((text) =>
  text.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(text) ? null : 'must be an email address',
);

/** An entry of `token_exchange`. */
const exchangeRight = z.strictObject({
  resource: ruled(audienceFault),
  scope,
  max_depth: z
    .int({ error: 'must be a whole number' })
    .min(1, { error: 'must be at least 1' })
    .max(5, { error: 'must be at most 5' })
    .optional(),
  max_lifetime: z
    .int({ error: 'must be a whole number of seconds' })
    .min(1, { error: 'must be at least 1' })
    .max(3_600, { error: 'must be at most 3600 seconds' })
    .optional(),
});

/** Every member a registration may have. Members nobody here knows are refused: a misspelt restriction must not be lost. */
export const registrationSchema = ({ allowPrivateAddresses }: RegistrationRules) => {
  const fetched = ruled((text) => fetchedUriFault(text, allowPrivateAddresses));
  return z.strictObject({
    client_name: name,
    redirect_uris: listOf(ruled(redirectUriFault), 50).default([]),
    post_logout_redirect_uris: listOf(ruled(redirectUriFault), 50).default([]),
    grant_types: listOf(oneOf(grantTypes), grantTypes.length).default(['authorization_code']),
    response_types: listOf(oneOf(['code']), 1).optional(),
    application_type: oneOf(['web', 'native']).default('web'),
    token_endpoint_auth_method: authMethod.default('client_secret_basic'),
    token_endpoint_auth_signing_alg: oneOf(assertionAlgs).optional(),
    jwks: keySet.transform((value) => value as PublicKeySet).optional(),
    jwks_uri: fetched.optional(),
    scope: scope.optional(),
    id_token_signed_response_alg: oneOf(idTokenAlgs).default('ES256'),
    dpop_bound_access_tokens: flag.default(false),
    tls_client_certificate_bound_access_tokens: flag.optional().transform((bound) => bound || undefined),
    require_pushed_authorization_requests: flag.default(false),
    // Only what differs from the default is stored, so that a version which does not know the member can read all other clients.
    require_pkce: flag
      .optional()
      .transform((required) => (required === false ? (false as const) : undefined)),
    assertion_audience: oneOf(['issuer', 'any'])
      .optional()
      .transform((accepted) => (accepted === 'any' ? accepted : undefined)),
    default_scope: scope.optional(),
    backchannel_logout_uri: fetched.optional(),
    backchannel_logout_session_required: flag.default(true),
    client_uri: ruled(linkFault).optional(),
    logo_uri: ruled(linkFault).optional(),
    logo_png: logoSchema.optional(),
    accent_color_light: ruled((colour) => accentFault('light', colour)).optional(),
    accent_color_dark: ruled((colour) => accentFault('dark', colour)).optional(),
    policy_uri: ruled(linkFault).optional(),
    tos_uri: ruled(linkFault).optional(),
    contacts: listOf(contact, 10).default([]),
    default_max_age: z
      .int({ error: 'must be a whole number of seconds' })
      .min(0, { error: 'must not be negative' })
      .max(400 * 86_400, { error: 'must be at most 400 days' })
      .optional(),
    resources: listOf(ruled(audienceFault), 50).default([]),
    token_exchange: listOf(exchangeRight, 20).optional(),
    resource: ruled(audienceFault).nullable().default(null),
  });
};

/** A registration as it may be sent; missing members take their defaults. */
export type ClientRegistration = z.input<ReturnType<typeof registrationSchema>>;

/** A registration with its defaults, before the relations between its members are checked. */
export type ReadRegistration = z.output<ReturnType<typeof registrationSchema>>;
