import { signalNames } from '@curfew/events/transmitters';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { timestamp } from '../contract/wire.js';

const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
    error: 'must be a word of at most 63 lower-case letters, digits and hyphens',
  })
  .meta({ description: 'A word, by which events name it.' });
const byId = z.object({ id });
const etag = { ETag: 'The version; name it in If-Match to change it.' };
const address = z.string().max(500, { error: 'must have at most 500 characters' });
const signal = z.enum(signalNames, { error: `must be one of ${signalNames.join(', ')}` });

const settings = {
  issuer: address.meta({ description: 'The issuer of its tokens (iss).', format: 'uri' }),
  audience: z
    .string()
    .min(1, { error: 'must have at least 1 character' })
    .max(500, { error: 'must have at most 500 characters' })
    .meta({ description: 'The audience that its tokens must name (aud), as the stream there has it.' }),
  jwks_uri: address.nullable().default(null).meta({
    description: 'The address of its keys. Otherwise its metadata names it (/.well-known/ssf-configuration).',
    format: 'uri',
  }),
  delivery: z.enum(['push', 'poll'], { error: 'must be push or poll' }).meta({
    description: 'push: it sends its tokens to receive_url (RFC 8935). poll: they are fetched (RFC 8936).',
  }),
  endpoint_url: address.nullable().default(null).meta({
    description: 'The address that is polled; null where it pushes.',
    format: 'uri',
  }),
  token_endpoint: address.nullable().default(null).meta({
    description:
      'The endpoint at which access tokens for its polls are got (client credentials, RFC 6749 §4.4). Otherwise authorization is sent with each poll.',
    format: 'uri',
  }),
  client_id: z
    .string()
    .min(1, { error: 'must have at least 1 character' })
    .max(200, { error: 'must have at most 200 characters' })
    .nullable()
    .default(null)
    .meta({ description: 'The client there (client_secret_basic); null without a token_endpoint.' }),
  token_scope: z
    .string()
    .max(500, { error: 'must have at most 500 characters' })
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/, {
      error: 'must be scope values with single spaces between',
    })
    .nullable()
    .default(null)
    .meta({ description: 'The scope that is asked for there, such as ssf.read; null for its default.' }),
  subject_issuer: address.optional().meta({
    description:
      'The issuer of the identities that it may speak of (iss of an iss_sub), as identity providers have it; its own issuer unless given.',
  }),
  matches_email: z.boolean().default(false).meta({
    description:
      'Whether it may name people by an address that their account here has verified. It can then end the sessions of all of them.',
  }),
  signals: z
    .array(signal)
    .min(1, { error: 'must have at least one' })
    .max(signalNames.length, { error: `must be at most ${signalNames.length}` })
    .default([...signalNames])
    .meta({
      description:
        'The events that end everything of the person here, or what came of the one session that a session-revoked names; others are taken and change nothing.',
    }),
  enabled: z.boolean().default(true).meta({ description: 'Whether it is heard.' }),
};
const authorization = z
  .string()
  .min(1, { error: 'must have at least 1 character' })
  .max(4_096, { error: 'must have at most 4096 characters' })
  .regex(/^[\x20-\x7e]+$/, { error: 'must be printable ASCII' })
  .meta({
    description:
      'The whole Authorization header (Bearer …): the one that it sends with what it pushes, or the one that is sent to it when it is polled. With a token_endpoint it is the client secret. It is never shown.',
  });

/** A client secret is any printable ASCII (RFC 6749 §A.2); a header is more than that. */
function requireHeader(
  {
    token_endpoint,
    authorization: value,
  }: { token_endpoint: string | null; authorization?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (token_endpoint !== null || value === undefined) return;
  const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['authorization'], message });
  if (value.length < 16) refuse('must have at least 16 characters');
  if (!/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(value))
    refuse('must be the value of a header, in printable ASCII');
}

const shown = z.object({
  id: z.string(),
  issuer: z.string(),
  audience: z.string(),
  jwks_uri: z.string().nullable(),
  delivery: z.string(),
  endpoint_url: z.string().nullable(),
  token_endpoint: z.string().nullable(),
  client_id: z.string().nullable(),
  token_scope: z.string().nullable(),
  receive_url: z.string().nullable().meta({ description: 'The address to which it pushes.' }),
  subject_issuer: z.string(),
  matches_email: z.boolean(),
  signals: z.array(z.string()),
  enabled: z.boolean(),
  polled_at: timestamp.nullable().meta({ description: 'The last answer to a poll.' }),
  poll_failures: z.number().int().meta({ description: 'Polls that failed since then.' }),
  poll_fault: z.string().nullable().meta({ description: 'Why the last one failed.' }),
  version: z.number().int(),
  created_at: timestamp,
  updated_at: timestamp,
});

/** The list. */
export const list = operation({
  id: 'listTransmitters',
  method: 'get',
  path: '/v1/transmitters',
  tag: 'events',
  summary: 'Lists the services that tell of security events (Shared Signals); never their headers.',
  scope: 'events:read',
  answers: {
    200: { description: 'All of them, fifty at most.', schema: z.object({ items: z.array(shown) }) },
  },
});

/** One. */
export const show = operation({
  id: 'getTransmitter',
  method: 'get',
  path: '/v1/transmitters/{id}',
  tag: 'events',
  summary: 'Shows a transmitter, and how polling it went; never its header.',
  scope: 'events:read',
  params: byId,
  answers: { 200: { description: 'The transmitter.', schema: shown, headers: etag } },
  problems: { 404: ['unknown_transmitter'] },
});

/** A new one. */
export const create = operation({
  id: 'createTransmitter',
  method: 'post',
  path: '/v1/transmitters',
  tag: 'events',
  summary: 'Lets another service end everything of the people of whom it tells (Shared Signals).',
  description:
    'It ends the sessions of people who are linked to its identities and, with matches_email, of all who have verified the address that it names. It disables and deletes nobody.',
  scope: 'accounts:write',
  body: z.strictObject({ id, ...settings, authorization }).superRefine(requireHeader),
  idempotent: true,
  answers: { 201: { description: 'The transmitter, version 1.', schema: shown, headers: etag } },
  problems: { 400: ['invalid_transmitter'], 403: ['beyond_own_scopes'], 409: ['transmitter_exists'] },
});

/** A change. */
export const change = operation({
  id: 'changeTransmitter',
  method: 'put',
  path: '/v1/transmitters/{id}',
  tag: 'events',
  summary: 'Replaces the settings of a transmitter; missing members get their defaults again.',
  description:
    'Without authorization it keeps the one it has, as long as its issuer, endpoint_url, token_endpoint and client_id stay.',
  scope: 'accounts:write',
  params: byId,
  body: z.strictObject({ ...settings, authorization: authorization.optional() }).superRefine(requireHeader),
  ifMatch: true,
  answers: { 200: { description: 'The transmitter.', schema: shown, headers: etag } },
  problems: {
    400: ['invalid_transmitter', 'secret_missing'],
    403: ['beyond_own_scopes'],
    404: ['unknown_transmitter'],
    409: ['transmitter_exists'],
  },
});

/** Delete. */
export const remove = operation({
  id: 'deleteTransmitter',
  method: 'delete',
  path: '/v1/transmitters/{id}',
  tag: 'events',
  summary: 'Deletes a transmitter: what it sends is refused from now on.',
  scope: 'accounts:write',
  params: byId,
  ifMatch: true,
  answers: { 204: { description: 'Deleted.' } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_transmitter'] },
});
