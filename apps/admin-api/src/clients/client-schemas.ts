import { assertionAlgs, authMethods, grantTypes, idTokenAlgs } from '@curfew/clients';
import { z } from 'zod';
import { pageOf, registeredId, timestamp } from '../contract/wire.js';

const text = (most: number) =>
  z.string({ error: 'must be a text' }).max(most, { error: `must have at most ${most} characters` });
const uri = text(2_048).meta({ format: 'uri' });
const uris = z.array(uri, { error: 'must be a list' }).max(50, { error: 'must have at most 50 entries' });
const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `must be one of ${names.join(', ')}` });
const flag = z.boolean({ error: 'must be true or false' });
const jwk = z.record(z.string().max(64), z.unknown()).meta({ description: 'A public key (RFC 7517).' });

/** The members of a client by their names in RFC 7591; rules between members are in libs/clients. */
const members = {
  client_name: text(200),
  redirect_uris: uris,
  post_logout_redirect_uris: uris,
  grant_types: z.array(oneOf(grantTypes), { error: 'must be a list' }).max(grantTypes.length),
  response_types: z.array(oneOf(['code']), { error: 'must be a list' }).max(1),
  application_type: oneOf(['web', 'native']),
  token_endpoint_auth_method: oneOf(authMethods),
  token_endpoint_auth_signing_alg: oneOf(assertionAlgs),
  jwks: z.strictObject({ keys: z.array(jwk).max(20) }, { error: 'must be a key set' }),
  jwks_uri: uri,
  scope: text(10_000),
  id_token_signed_response_alg: oneOf(idTokenAlgs),
  dpop_bound_access_tokens: flag,
  tls_client_certificate_bound_access_tokens: flag.meta({
    description:
      'RFC 8705 §3.4. Needs a proxy that hands over certificates (CURFEW_CLIENT_CERTIFICATE_HEADER).',
  }),
  require_pushed_authorization_requests: flag,
  require_pkce: flag.meta({
    description: 'false: a confidential client may send a nonce instead of PKCE (RFC 9700 §2.1.1).',
  }),
  assertion_audience: oneOf(['issuer', 'any']).meta({
    description:
      'any: an assertion may also name the token or the pushed authorization request endpoint (RFC 9126 §2).',
  }),
  default_scope: text(10_000).meta({
    description: 'Scope values of a request that names none (RFC 6749 §3.3).',
  }),
  backchannel_logout_uri: uri,
  backchannel_logout_session_required: flag,
  client_uri: uri,
  logo_uri: uri,
  logo_png: text(43_692).meta({
    description:
      'A logo for the pages of sign-in and consent: a PNG in base64, at most 32 KiB and 512 pixels along each side. It is kept without all that makes no pixel.',
  }),
  accent_color_light: text(7).meta({
    description:
      'The colour of links and buttons on these pages, #rrggbb, for people who prefer a light appearance. Its contrast to the background must be at least 4.5 (WCAG 2.2 §1.4.3).',
  }),
  accent_color_dark: text(7).meta({ description: 'The same for a dark appearance.' }),
  policy_uri: uri,
  tos_uri: uri,
  contacts: z.array(text(254), { error: 'must be a list' }).max(10),
  default_max_age: z
    .int({ error: 'must be a whole number of seconds' })
    .min(0)
    .max(400 * 86_400),
  resources: z
    .array(text(512), { error: 'must be a list' })
    .max(50)
    .meta({ description: 'Audiences of the APIs it may ask tokens for.' }),
  token_exchange: z
    .array(
      z.strictObject({
        resource: text(512),
        scope: text(10_000),
        max_depth: z.int().min(1).max(5).optional(),
        max_lifetime: z.int().min(1).max(3_600).optional(),
      }),
      { error: 'must be a list' },
    )
    .max(20)
    .meta({
      description:
        'The APIs for which it may exchange access tokens of people (RFC 8693), with the scope values, the number of clients that may act one for another (1 unless stated), and the seconds that such a token lives at most.',
    }),
  resource: text(512)
    .nullable()
    .meta({ description: 'The audience it answers for when it introspects, if it is an API.' }),
};

const { client_name: name, ...others } = members;
const optional = Object.fromEntries(
  Object.entries(others).map(([member, schema]) => [member, schema.optional()]),
) as { [M in keyof typeof others]: z.ZodOptional<(typeof others)[M]> };
const clearable = Object.fromEntries(
  Object.entries(others).map(([member, schema]) => [member, schema.nullable().optional()]),
) as { [M in keyof typeof others]: z.ZodOptional<z.ZodNullable<(typeof others)[M]>> };

/** A registration. */
export const registrationSchema = z.strictObject({
  client_id: registeredId.optional().meta({ description: 'Generated unless given.' }),
  client_name: name,
  ...optional,
});

/** A change; null takes a member back to its default. */
export const clientChangeSchema = z.strictObject({ client_name: name.optional(), ...clearable });

const secret = z.object({
  id: z.string(),
  created_at: timestamp,
  expires_at: timestamp.nullable().meta({ description: 'null: until it is rolled over.' }),
});

/** A client on the wire. */
export const clientSchema = z
  .object({
    client_id: z.string(),
    client_id_issued_at: timestamp,
    updated_at: timestamp,
    version: z.number().int(),
    disabled_at: timestamp.nullable(),
    first_run: z.boolean(),
    client_name: z.string(),
    resource: z.string().nullable(),
    redirect_uris: z.array(z.string()),
    grant_types: z.array(z.string()),
    token_endpoint_auth_method: z.string(),
    scope: z.string().optional(),
    resources: z.array(z.string()),
  })
  .catchall(z.unknown());

/** A page of clients. */
export const clientPage = pageOf(clientSchema);

/** A client with its secrets, without what they are. */
export const clientDetail = z
  .object({
    ...clientSchema.shape,
    secrets: z.array(secret),
    policy: z.string().nullable(),
    warnings: z.array(
      z.object({
        code: z.string(),
        member: z.string(),
        severity: z.enum(['warning', 'note']),
        message: z.string(),
      }),
    ),
  })
  .catchall(z.unknown());

const secretOnce = z
  .string()
  .optional()
  .meta({ description: 'Shown this once; only its hash is kept. Absent where the client has none.' });

/** A client with a secret that was just made. */
export const clientWithSecret = z
  .object({ ...clientDetail.shape, client_secret: secretOnce })
  .catchall(z.unknown());

/** How a client, an account or everyone was ended together with a change. */
export const endedAlong = z.object({
  recorded: z.number().int(),
  complete: z.boolean(),
  not_before: timestamp,
});

/** A client that was changed. */
export const changedClient = z
  .object({
    ...clientWithSecret.shape,
    sessions_ended: endedAlong
      .optional()
      .meta({ description: 'Present where the change ended its sessions, in the same commit.' }),
  })
  .catchall(z.unknown());

/** A new secret. */
export const newSecretAnswer = z.object({
  client_secret: z.string().meta({ description: 'Shown this once.' }),
  secrets: z.array(secret),
});
