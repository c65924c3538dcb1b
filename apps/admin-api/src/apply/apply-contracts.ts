import { routeParts } from '@curfew/config';
import { z } from 'zod';
import { registrationSchema } from '../clients/client-schemas.js';
import { operation } from '../contract/operation.js';
import { registeredId } from '../contract/wire.js';
import { policyName, settingsSchema } from '../policies/schemas.js';
import { audience, members as resourceMembers } from '../resources/resource-contracts.js';
import { wholeRoute } from '../routes/route-contracts.js';

/** A description may have this many bytes; other bodies of the admin API are smaller. */
export const maxDescriptionBytes = 1_048_576;

/** The number of entries in a description, all of which are applied in one transaction. */
const maxEntries = 500;

const attached = policyName
  .nullable()
  .optional()
  .meta({ description: 'The policy attached to it; null detaches, absent leaves it as it is.' });

const client = z.strictObject({
  ...registrationSchema.omit({ client_id: true }).shape,
  policy: attached,
});
const resource = z.strictObject({ ...resourceMembers, policy: attached });

/** The wanted state; everything that is not mentioned is left alone. */
export const descriptionSchema = z
  .strictObject({
    everyone: attached,
    policies: z.record(policyName, settingsSchema).default({}),
    resources: z.record(audience, resource).default({}),
    clients: z.record(registeredId, client).default({}),
    gateway_routes: z.record(routeParts.word, wholeRoute({})).default({}),
  })
  .refine(
    ({ policies, resources, clients, gateway_routes }) =>
      [policies, resources, clients, gateway_routes].flatMap(Object.keys).length <= maxEntries,
    { error: `must have at most ${maxEntries} policies, resources, clients and gateway_routes` },
  )
  .meta({ id: 'Description' });

/** A checked description. */
export type Description = z.output<typeof descriptionSchema>;

const step = z.object({
  action: z.enum(['create', 'change', 'attach', 'detach']),
  kind: z.enum(['policy', 'resource', 'client', 'route', 'attachment']),
  name: z.string(),
  fields: z.array(z.string()).meta({ description: 'Members that differ.' }),
});

/** One thing that is to be done. */
export type Step = z.output<typeof step>;

/** Makes a description true. */
export const apply = operation({
  id: 'applyDescription',
  method: 'post',
  path: '/v1/apply',
  tag: 'service',
  summary:
    'Makes a description of policies, APIs, clients, routes and attachments true: all of it or nothing.',
  description:
    'Everything is done in one transaction; a dry run does it too and rolls it back, so it finds every fault that would be found. A fault names its place as a JSON pointer. Policies, routes and attachments need policies:write, APIs and clients need clients:write.',
  scope: 'policies:write',
  orScope: 'clients:write',
  body: z.strictObject({
    description: descriptionSchema,
    dry_run: z.boolean({ error: 'must be true or false' }).default(false),
    expected_plan: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: 'must be the plan_hash of a dry run' })
      .optional()
      .meta({
        description: 'The `plan_hash` of a dry run: nothing is done where the plan is another one by now.',
      }),
  }),
  idempotent: true,
  answers: {
    200: {
      description: 'The changes made, or planned in a dry run.',
      schema: z.object({
        applied: z.boolean(),
        plan: z.array(step),
        plan_hash: z.string(),
        secrets: z
          .array(z.object({ client_id: z.string(), client_secret: z.string() }))
          .meta({ description: 'Secrets of new clients, shown this once.' }),
      }),
    },
  },
  problems: {
    400: ['invalid_description'],
    403: ['beyond_own_scopes'],
    404: ['unknown_policy', 'unknown_client', 'unknown_resource'],
    409: ['last_administrator', 'policy_is_built_in'],
    412: ['plan_changed'],
    503: ['overloaded'],
  },
});
