import { standardIds } from '@curfew/compliance';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { clientId, instantParameter, timestamp, uuid } from '../contract/wire.js';
import { targetSchema } from '../policies/schemas.js';

const state = z.enum(['met', 'not_met', 'not_applicable']);

const query = z.strictObject({
  standard: z
    .enum(standardIds, { error: `must be one of ${standardIds.join(', ')}` })
    .optional()
    .meta({ description: 'Only the controls of this document.' }),
  client: clientId.optional().meta({ description: 'Judge the sessions of this client.' }),
  resource: z
    .string()
    .min(1)
    .max(512, { error: 'must be the audience of an API' })
    .optional()
    .meta({ description: 'Judge sessions with this API.' }),
  since: instantParameter
    .optional()
    .meta({ description: 'The beginning of the period; 90 days before its end unless given.' }),
  until: instantParameter.optional().meta({ description: 'The end of the period; now unless given.' }),
});

/** The report, as it is answered and as it is signed. */
export const reportSchema = z
  .object({
    issuer: z.string(),
    made_at: timestamp,
    period: z.object({ since: timestamp, until: timestamp }),
    subjects: z
      .array(
        z.object({
          target: targetSchema.meta({
            description: 'Everyone: the sessions of clients that have no policy of their own.',
          }),
          name: z.string().nullable(),
          policies: z.array(z.object({ name: z.string(), version: z.number().int() })),
        }),
      )
      .meta({ description: 'Whose sessions are judged.' }),
    subjects_left_out: z.number().int().meta({
      description: 'How many further clients and APIs have a policy of their own; ask for them by name.',
    }),
    standards: z.array(
      z.object({
        id: z.enum(standardIds),
        title: z.string(),
        note: z.string().nullable(),
        source: z
          .object({
            url: z.string(),
            compared_on: z.string().nullable().meta({ description: 'null: it could not be compared.' }),
            compared_with: z.string(),
          })
          .meta({
            description: 'Where the document is, and how far the sentences here were compared with it.',
          }),
        controls: z.array(
          z.object({
            section: z.string(),
            asks: z.string(),
            note: z.string().nullable(),
            state: state.meta({ description: 'Not met where it is not met for one of the subjects.' }),
            results: z.array(
              z.object({
                subject: z.number().int().meta({ description: 'Its place in `subjects`.' }),
                state,
                in_force_since: timestamp.nullable().meta({
                  description:
                    'Since when the policies meet it without a break; null where it is not met, where no policy is asked, or where no change was recorded.',
                }),
                throughout: z.boolean().nullable().meta({
                  description: 'Whether it was met in the whole period; null where that is not recorded.',
                }),
                checks: z.array(
                  z.object({
                    kind: z.enum(['setting', 'configuration', 'registration', 'always', 'gap']),
                    setting: z.string().nullable(),
                    asks: z.string(),
                    value: z.string().nullable(),
                    state,
                  }),
                ),
              }),
            ),
            tests: z.array(z.object({ file: z.string(), title: z.string() })),
            events: z.array(
              z.object({
                type: z.string(),
                reason: z.string().nullable(),
                count: z.number().int().meta({ description: 'In the period.' }),
                at_least: z.boolean().meta({ description: 'Whether there were too many to count.' }),
                latest: z.object({ id: uuid, at: timestamp }).nullable(),
              }),
            ),
          }),
        ),
      }),
    ),
    changes: z
      .array(
        z.object({
          at: timestamp,
          policy: z.string(),
          version: z.number().int(),
          change: z.string(),
          by: z.string().nullable(),
        }),
      )
      .meta({ description: 'The latest 200 changes of policies in the period.' }),
    head: z
      .object({ seal: z.number().int(), hash: z.string() })
      .nullable()
      .meta({ description: 'The head of the chain over all events when the report was made.' }),
  })
  .meta({ id: 'ComplianceReport' });

const aboutPeriod =
  'The policies are judged as they are now; `in_force_since` and `throughout` say for how long they have been so. Configuration has no history, so it is judged as it is.';

const problems = { 404: ['unknown_client', 'unknown_resource'] } as const;

/** The demands of documents, and the evidence that meets them. */
export const show = operation({
  id: 'getCompliance',
  method: 'get',
  path: '/v1/compliance',
  tag: 'compliance',
  summary:
    'Judges every control of the catalogue: what asks for what, which setting meets it, since when, and the evidence.',
  description: `Without client and resource, everyone and each client and API with a policy of its own are judged, at most 50. ${aboutPeriod}`,
  scope: 'policies:read',
  query,
  answers: { 200: { description: 'The report.', schema: reportSchema } },
  problems,
});

/** The same, signed. */
export const signed = operation({
  id: 'getSignedCompliance',
  method: 'get',
  path: '/v1/compliance/signed',
  tag: 'compliance',
  summary: 'Hands the report out signed by the installation: a JWS whose key is in its JWKS.',
  description:
    'The JWS (RFC 7515 §7.1) has `typ` compliance-report+jwt and the claims `iss`, `iat` and `report`. Whoever has it verifies it with the key set at `jwks_uri` of the issuer.',
  scope: 'policies:read',
  query,
  answers: { 200: { description: 'The JWS.', schema: z.string(), mediaType: 'application/jwt' } },
  problems,
});

/** The same, to read. */
export const printed = operation({
  id: 'getPrintedCompliance',
  method: 'get',
  path: '/v1/compliance/printed',
  tag: 'compliance',
  summary: 'Hands the report out as PDF.',
  description: 'The PDF names the head of the chain of events. It is not signed: the signed form is the JWS.',
  scope: 'policies:read',
  query,
  answers: { 200: { description: 'The PDF.', schema: z.string(), mediaType: 'application/pdf' } },
  problems,
});
