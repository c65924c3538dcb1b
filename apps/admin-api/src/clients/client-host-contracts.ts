import { z } from 'zod';
import { beforeWords } from '../contract/before.js';
import { operation } from '../contract/operation.js';
import { note, timestamp } from '../contract/wire.js';
import { audience } from '../resources/resource-contracts.js';

const byHost = z.object({
  host: z
    .string()
    .max(253)
    .regex(/^[a-z0-9.-]+(?::\d{1,5})?$/, { error: 'must be the name of a host, in lower case' })
    .meta({ description: 'A host, with its port where that is not 443.' }),
});

const hostSchema = z.object({
  host: z.string(),
  resources: z.array(z.string()).meta({ description: 'The APIs that clients of this host may ask for.' }),
  clients: z.array(z.string()).meta({ description: 'The clients that its documents have introduced.' }),
  created_at: timestamp,
  etag: z.string().meta({
    description: 'The ETag of the host with its APIs and clients; a revocation may name it in If-Match.',
  }),
});

/** The list. */
export const list = operation({
  id: 'listClientHosts',
  method: 'get',
  path: '/v1/client-hosts',
  tag: 'clients',
  summary: 'Lists the hosts whose documents may introduce clients.',
  description:
    'A client id may be the https address of a document about the client (Client ID Metadata Documents), where CURFEW_CLIENT_DOCUMENTS says so and the host is on this list.',
  scope: 'clients:read',
  answers: {
    200: {
      description: 'All of them, by name.',
      schema: z.object({
        enabled: z.boolean().meta({ description: 'Whether documents introduce clients at all.' }),
        items: z.array(hostSchema),
      }),
    },
  },
});

/** Allow. */
export const allow = operation({
  id: 'allowClientHost',
  method: 'put',
  path: '/v1/client-hosts/{host}',
  tag: 'clients',
  summary: 'Lets documents of a host introduce clients.',
  description:
    'Every document of that host is one: allow no host at which strangers may publish. The APIs take the place of those it had, for its clients, too. The admin API cannot be one of them.',
  scope: 'clients:write',
  powerless: true,
  params: byHost,
  body: z.strictObject({
    resources: z.array(audience).max(20),
    before: z
      .array(audience)
      .max(20)
      .nullable()
      .optional()
      .meta({ description: beforeWords('The APIs of the host, or null where it is not allowed,') }),
    note: note.optional(),
  }),
  answers: { 200: { description: 'The host.', schema: hostSchema } },
  problems: {
    400: ['invalid_client_metadata'],
    403: ['beyond_own_scopes'],
    404: ['unknown_resource'],
    412: ['version_conflict'],
  },
});

/** Revoke. */
export const revoke = operation({
  id: 'revokeClientHost',
  method: 'delete',
  path: '/v1/client-hosts/{host}',
  tag: 'clients',
  summary: 'Takes the right of a host away, deletes the clients it introduced, and ends their sessions.',
  description: 'All of it in one commit.',
  scope: 'clients:write',
  powerless: true,
  params: byHost,
  ifMatch: 'optional',
  query: z.strictObject({ note: note.optional() }),
  answers: {
    200: {
      description: 'What went with it.',
      schema: z.object({
        clients: z.array(z.string()).meta({ description: 'The clients that were deleted.' }),
        sessions_ended: z.number().int().meta({ description: 'Sessions whose end was recorded with it.' }),
      }),
    },
  },
  problems: { 404: ['unknown_client_host'] },
});
