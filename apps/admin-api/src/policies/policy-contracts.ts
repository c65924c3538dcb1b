import { z } from 'zod';
import { beforeWords } from '../contract/before.js';
import { operation } from '../contract/operation.js';
import { cursorParameter, limitParameter } from '../contract/wire.js';
import {
  attachmentPage,
  lintAnswer,
  policyDetail,
  policyName,
  policyPage,
  previewAnswer,
  previewBody,
  revisionList,
  settingsSchema,
  targetSchema,
} from './schemas.js';

const byName = z.object({ name: policyName });
const etag = { ETag: 'The version; name it in If-Match to change it.' };

/** The list of policies. */
export const list = operation({
  id: 'listPolicies',
  method: 'get',
  path: '/v1/policies',
  tag: 'policies',
  summary: 'Lists the policies in force: ready profiles and those of your own.',
  scope: 'policies:read',
  query: z.strictObject({
    kind: z.enum(['profile', 'own'], { error: 'must be profile or own' }).optional(),
    limit: limitParameter(),
    cursor: cursorParameter,
  }),
  answers: { 200: { description: 'A page of policies, by name.', schema: policyPage } },
  problems: { 400: ['invalid_cursor'] },
});

/** One policy. */
export const show = operation({
  id: 'getPolicy',
  method: 'get',
  path: '/v1/policies/{name}',
  tag: 'policies',
  summary: 'Shows a policy with where it is attached and what is worth knowing about it.',
  scope: 'policies:read',
  params: byName,
  answers: { 200: { description: 'The policy.', schema: policyDetail, headers: etag } },
  problems: { 404: ['unknown_policy'] },
});

/** Its revisions. */
export const revisions = operation({
  id: 'listPolicyRevisions',
  method: 'get',
  path: '/v1/policies/{name}/revisions',
  tag: 'policies',
  summary: 'Lists every revision of a policy, newest first.',
  scope: 'policies:read',
  params: byName,
  answers: { 200: { description: 'At most 500 revisions.', schema: revisionList } },
  problems: { 404: ['unknown_policy'] },
});

/** A new policy. */
export const create = operation({
  id: 'createPolicy',
  method: 'post',
  path: '/v1/policies',
  tag: 'policies',
  summary: 'Creates a policy.',
  scope: 'policies:write',
  powerless: true,
  body: z.strictObject({ name: policyName, settings: settingsSchema }),
  idempotent: true,
  answers: { 201: { description: 'The policy, version 1.', schema: policyDetail, headers: etag } },
  problems: { 400: ['invalid_policy'], 409: ['policy_exists', 'policy_is_built_in'] },
});

/** A new revision. */
export const change = operation({
  id: 'changePolicy',
  method: 'put',
  path: '/v1/policies/{name}',
  tag: 'policies',
  summary: 'Writes the next revision of a policy.',
  description:
    'Sessions that a stricter revision does not allow any more end at their next use, and are recorded by the sweeper. A laxer one lengthens no session that lives.',
  scope: 'policies:write',
  params: byName,
  body: z.strictObject({ settings: settingsSchema }),
  ifMatch: true,
  answers: { 200: { description: 'The new revision.', schema: policyDetail, headers: etag } },
  problems: {
    400: ['invalid_policy'],
    403: ['beyond_own_scopes'],
    404: ['unknown_policy'],
    409: ['policy_is_built_in'],
  },
});

/** Lints settings before they are saved. */
export const lint = operation({
  id: 'lintPolicy',
  method: 'post',
  path: '/v1/policies/lint',
  tag: 'policies',
  summary: 'Checks settings: rules, footguns, and which documents they meet.',
  scope: 'policies:read',
  powerless: true,
  body: z.strictObject({
    settings: settingsSchema,
    attached_to: z
      .enum(['everyone', 'client', 'resource'], { error: 'must be everyone, client or resource' })
      .optional(),
  }),
  answers: { 200: { description: 'The findings.', schema: lintAnswer } },
});

/** Counts the sessions that settings would end. */
export const preview = operation({
  id: 'previewPolicy',
  method: 'post',
  path: '/v1/policies/preview',
  tag: 'policies',
  summary: 'Counts how many live sessions would end now under a policy, by client. Changes nothing.',
  scope: 'policies:read',
  powerless: true,
  body: previewBody,
  answers: { 200: { description: 'Live sessions, and how many of them would end.', schema: previewAnswer } },
  problems: { 400: ['invalid_policy'], 404: ['unknown_policy'], 422: ['preview_too_large'] },
});

/** Which policies are attached to what. */
export const attachments = operation({
  id: 'listPolicyAttachments',
  method: 'get',
  path: '/v1/policy-attachments',
  tag: 'policies',
  summary: 'Lists which policies are attached to what.',
  scope: 'policies:read',
  query: z.strictObject({ limit: limitParameter(), cursor: cursorParameter }),
  answers: { 200: { description: 'A page of attachments.', schema: attachmentPage } },
  problems: { 400: ['invalid_cursor'] },
});

const attachedBefore = policyName
  .nullable()
  .optional()
  .meta({ description: beforeWords('The policy that is attached there, or null,') });

/** Attach. */
export const attach = operation({
  id: 'attachPolicy',
  method: 'put',
  path: '/v1/policy-attachments',
  tag: 'policies',
  summary: 'Attaches a policy to everyone, a client or an API, in place of any other.',
  scope: 'policies:write',
  body: z.strictObject({ target: targetSchema, policy: policyName, before: attachedBefore }),
  answers: { 204: { description: 'Attached.' } },
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_policy', 'unknown_client', 'unknown_resource'],
    412: ['version_conflict'],
  },
});

/** Detach. */
export const detach = operation({
  id: 'detachPolicy',
  method: 'post',
  path: '/v1/policy-attachments/detach',
  tag: 'policies',
  summary: 'Takes the policy from everyone, a client or an API.',
  scope: 'policies:write',
  body: z.strictObject({ target: targetSchema, before: attachedBefore }),
  answers: { 204: { description: 'Detached, or nothing was attached.' } },
  problems: { 403: ['beyond_own_scopes'], 412: ['version_conflict'] },
});
