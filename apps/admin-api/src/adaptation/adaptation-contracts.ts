import { adaptationModes, budgetKinds, complianceProfiles } from '@curfew/insight/adaptation';
import { z } from 'zod';
import { beforeWords } from '../contract/before.js';
import { operation } from '../contract/operation.js';
import { clientId, note, timestamp, uuid } from '../contract/wire.js';
import { lengthOf } from '../insight/insight-schemas.js';
import { policyName } from '../policies/schemas.js';
import { actor } from '../sessions/name-schemas.js';
import { proposalStatuses } from './adaptation.store.js';

const byName = z.object({ name: policyName });
const oneProposal = z.object({ name: policyName, id: uuid });

// Nothing of what was sent stands in an answer, so only texts of a known form come to the reader of settings, which names what it was given.
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'must be a day such as 2027-12-20' });
const length = lengthOf('inactivityTimeout').unwrap();
const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `must be one of ${names.join(', ')}` });

const settings = z.strictObject({
  mode: oneOf(adaptationModes).meta({
    description: 'Nothing, proposals that a person approves, or steps that shorten by themselves.',
  }),
  floor: length,
  ceiling: length,
  compliance: oneOf(complianceProfiles)
    .nullable()
    .optional()
    .meta({ description: 'A document whose inactivity timeout is the ceiling, whatever else is said.' }),
  budget: z.strictObject({
    kind: oneOf(budgetKinds),
    max: z.number({ error: 'must be a number above 0 and up to 1000000' }),
  }),
  frozen: z
    .array(z.strictObject({ from: day, to: day }))
    .max(50, { error: 'must have at most 50 pairs of days' })
    .optional()
    .meta({ description: 'Days in UTC, the first and the last, on which no step is taken.' }),
});

const adaptation = z.object({
  policy: z.string(),
  settings: z.record(z.string(), z.unknown()).meta({ description: 'As they were set.' }),
  rollout: z
    .object({
      from: z.number().int().meta({ description: 'Seconds.' }),
      to: z.number().int().meta({ description: 'Seconds.' }),
      share: z.number().int().meta({ description: 'Accounts under the new timeout, in per cent.' }),
      since: timestamp.meta({ description: 'When this stage began.' }),
      started_at: timestamp,
    })
    .nullable(),
  tightened_at: timestamp.nullable().meta({ description: 'When the last rollout began.' }),
  stopped_at: timestamp.nullable(),
  decided_at: timestamp.nullable(),
  decision: z
    .object({ kind: z.string(), reasons: z.array(z.string()) })
    .nullable()
    .meta({ description: 'The last nightly decision, with its reasons.' }),
});

const refused = { 403: ['beyond_own_scopes'], 404: ['unknown_policy'] };

/** Sets how a policy adapts. */
export const set = operation({
  id: 'setPolicyAdaptation',
  method: 'put',
  path: '/v1/policies/{name}/adaptation',
  tag: 'policies',
  summary: 'Lets a policy adapt its inactivity timeout within limits.',
  description: 'A rollout that is under way goes on within the new limits; with the mode off it is stopped.',
  scope: 'policies:write',
  params: byName,
  body: settings.extend({
    before: z
      .record(z.string(), z.unknown())
      .nullable()
      .optional()
      .meta({ description: beforeWords('The settings, as they are shown, or null,') }),
  }),
  answers: { 200: { description: 'The adaptation.', schema: adaptation } },
  problems: { ...refused, 400: ['invalid_policy'], 409: ['policy_is_built_in'], 412: ['version_conflict'] },
});

/** Shows it. */
export const show = operation({
  id: 'getPolicyAdaptation',
  method: 'get',
  path: '/v1/policies/{name}/adaptation',
  tag: 'policies',
  summary: 'Shows how a policy adapts, how far it has come and what was decided last.',
  scope: 'policies:read',
  params: byName,
  answers: {
    200: {
      description: 'The adaptation; null where there is none.',
      schema: z.object({ adaptation: adaptation.nullable() }),
    },
  },
  problems: { 404: ['unknown_policy'] },
});

/** Removes it. */
export const remove = operation({
  id: 'removePolicyAdaptation',
  method: 'delete',
  path: '/v1/policies/{name}/adaptation',
  tag: 'policies',
  summary: 'Stops the adaptation of a policy and forgets its settings.',
  scope: 'policies:write',
  params: byName,
  answers: { 204: { description: 'There is none any more.' } },
  problems: refused,
});

const proposal = z.object({
  id: uuid,
  policy: z.string(),
  status: z.enum(proposalStatuses),
  from: z.number().int().meta({ description: 'Seconds.' }),
  to: z.number().int().meta({ description: 'Seconds.' }),
  numbers: z
    .record(z.string(), z.unknown())
    .meta({ description: 'The figures it rests on, and its reasons.' }),
  made_at: timestamp,
  settled_at: timestamp.nullable(),
  settled_by: z.string().nullable(),
});

/** Its proposals. */
export const proposals = operation({
  id: 'listPolicyProposals',
  method: 'get',
  path: '/v1/policies/{name}/proposals',
  tag: 'policies',
  summary: 'Lists the steps that were proposed for a policy, the latest first.',
  scope: 'policies:read',
  params: byName,
  answers: {
    200: { description: 'At most 200 proposals.', schema: z.object({ items: z.array(proposal) }) },
  },
  problems: { 404: ['unknown_policy'] },
});

/** The history of an adaptation. */
export const steps = operation({
  id: 'listAdaptationSteps',
  method: 'get',
  path: '/v1/policies/{name}/adaptation/steps',
  tag: 'policies',
  summary: 'Lists the steps that the adaptation of a policy has taken, the latest first.',
  scope: 'policies:read',
  params: byName,
  answers: {
    200: {
      description: 'At most 200 steps, as far back as events are kept.',
      schema: z.object({
        items: z.array(
          z.object({
            at: timestamp,
            step: z.string().meta({
              description:
                'proposed, staged, lengthened, finished, rolled_back, abandoned, declined or stopped.',
            }),
            version: z.number().int().nullable().meta({ description: 'The revision that it wrote.' }),
            from: z.number().int().nullable().meta({ description: 'Seconds.' }),
            to: z.number().int().nullable().meta({ description: 'Seconds.' }),
            share: z
              .number()
              .int()
              .nullable()
              .meta({ description: 'Accounts under the new timeout, in per cent, where a stage begins.' }),
            reasons: z.array(z.string()),
            numbers: z.record(z.string(), z.number()).meta({ description: 'The figures it rests on.' }),
            by: actor.nullable(),
          }),
        ),
      }),
    },
  },
  problems: { 404: ['unknown_policy'] },
});

const settling = {
  method: 'post',
  tag: 'policies',
  scope: 'policies:write',
  params: oneProposal,
  body: z.strictObject({ note: note.optional() }),
  bodyOptional: true,
  answers: { 200: { description: 'The proposal.', schema: proposal } },
} as const;

/** Approves one. */
export const approve = operation({
  ...settling,
  id: 'approvePolicyProposal',
  path: '/v1/policies/{name}/proposals/{id}/approve',
  summary: 'Takes the step that was proposed.',
  description:
    'A shorter timeout begins with a tenth of the accounts; a longer one holds for sessions that begin from now on.',
  problems: {
    400: ['invalid_policy'],
    403: ['beyond_own_scopes'],
    404: ['unknown_policy', 'unknown_proposal'],
    409: ['proposal_settled', 'proposal_outdated'],
  },
});

/** Declines one. */
export const decline = operation({
  ...settling,
  id: 'declinePolicyProposal',
  path: '/v1/policies/{name}/proposals/{id}/decline',
  summary: 'Declines the step that was proposed.',
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_policy', 'unknown_proposal'],
    409: ['proposal_settled'],
  },
});

/** Stops everything. */
export const stop = operation({
  id: 'stopAdaptation',
  method: 'post',
  path: '/v1/adaptation/stop',
  tag: 'policies',
  summary: 'Stops the adaptation of one policy, or of all.',
  description:
    'The canary of a rollout is taken back, open proposals are withdrawn, and the mode is off until somebody sets it again.',
  scope: 'policies:write',
  body: z.strictObject({ policy: policyName.optional() }),
  answers: {
    200: {
      description: 'The policies that were stopped.',
      schema: z.object({ stopped: z.array(z.string()) }),
    },
  },
  problems: refused,
});

/** Lists releases. */
export const releases = operation({
  id: 'listReleases',
  method: 'get',
  path: '/v1/releases',
  tag: 'policies',
  summary: 'Lists releases of applications that were marked, the latest first.',
  scope: 'policies:read',
  query: z.strictObject({ client: clientId.optional() }),
  answers: {
    200: {
      description: 'At most 200 releases of the last year.',
      schema: z.object({
        items: z.array(
          z.object({
            client_id: z.string(),
            released_at: timestamp,
            frozen_until: timestamp.meta({ description: 'Its policies do not adapt until then.' }),
            created_by: z.string(),
          }),
        ),
      }),
    },
  },
});

/** Marks a release. */
export const release = operation({
  id: 'markRelease',
  method: 'post',
  path: '/v1/releases',
  tag: 'policies',
  summary: 'Marks a release of an application, after which its policies do not adapt for 14 days.',
  scope: 'clients:write',
  powerless: true,
  body: z.strictObject({ client_id: clientId }),
  answers: {
    200: {
      description: 'The release.',
      schema: z.object({ client_id: z.string(), released_at: timestamp, frozen_until: timestamp }),
    },
  },
  problems: { 404: ['unknown_client'] },
});
