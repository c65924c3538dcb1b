import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { note, timestamp, uuid } from '../contract/wire.js';
import { eventSchema } from '../events/event-contracts.js';

const byId = z.object({ id: uuid });
const because = z.strictObject({ note: note.optional() });

/** A copy of the personal data of an account (GDPR Art. 15). */
export const exportData = operation({
  id: 'exportPersonalData',
  method: 'post',
  path: '/v1/accounts/{id}/export',
  tag: 'accounts',
  summary: 'Hands out everything that is kept about a person (GDPR Art. 15).',
  description:
    'The answer has no secrets: hashes, seals and codes are left out. It has the latest 10,000 events; GET /v1/events with `account` has all of them. The act is recorded.',
  scope: 'accounts:write',
  powerless: true,
  params: byId,
  body: because,
  bodyOptional: true,
  answers: {
    200: {
      description: 'The data.',
      schema: z.object({
        made_at: timestamp,
        account: z.record(z.string(), z.unknown()),
        operator_scopes: z.array(z.string()),
        passkeys: z.array(z.record(z.string(), z.unknown())),
        identities: z
          .array(z.record(z.string(), z.unknown()))
          .meta({ description: 'The accounts elsewhere that are linked to it.' }),
        remembered_browsers: z.array(z.record(z.string(), z.unknown())),
        consents: z.array(z.record(z.string(), z.unknown())),
        sessions: z.array(z.record(z.string(), z.unknown())),
        browsers: z.array(z.record(z.string(), z.unknown())),
        events: z.array(eventSchema),
        events_left_out: z.boolean(),
      }),
    },
  },
  problems: { 404: ['unknown_account'] },
});

/** The erasure of a person (GDPR Art. 17). */
export const erase = operation({
  id: 'erasePersonalData',
  method: 'post',
  path: '/v1/accounts/{id}/erase',
  tag: 'accounts',
  summary:
    'Deletes an account, ends everything of it, and erases the person from what is kept (GDPR Art. 17).',
  description:
    'Addresses, devices and notes are taken out of sessions, sign-ins, events and counts; events keep what happened, when, and the id of the account, which leads to nobody any more. The sealed history still verifies, and tells of the erasure. A repeat erases what a broken request left; the account is gone by then, so If-Match is compared only while there is one (RFC 9110 §13.1.1: a change that was made already). Receivers keep what they were told.',
  scope: 'accounts:write',
  params: byId,
  ifMatch: 'optional',
  body: because,
  bodyOptional: true,
  answers: {
    200: {
      description: 'Erased.',
      schema: z.object({
        seals: z.number().int().meta({ description: 'Seals behind which events were changed.' }),
        records: z
          .number()
          .int()
          .meta({ description: 'Sessions, sign-ins, unsealed events and counts that were changed.' }),
      }),
    },
  },
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_account'],
    409: ['last_administrator', 'history_does_not_verify'],
  },
});
