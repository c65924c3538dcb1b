import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { cursorParameter, flagParameter, limitParameter, pageOf, timestamp, uuid } from '../contract/wire.js';
import { timelineEntry } from '../sessions/name-schemas.js';
import {
  confirmMeaning,
  endReason,
  endWords,
  propagation,
  sessionSchema,
  signalsSchema,
} from '../sessions/schemas.js';

/** The uid of a browser session. */
const browserUid = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'must be the uid of a browser session' })
  .meta({ description: 'Uid of a browser session, as `browser` of a session names it. It opens nothing.' });

const browserMembers = {
  uid: browserUid,
  account_id: uuid,
  state: z.enum(['live', 'ended']),
  signed_in_at: timestamp.meta({ description: 'When the person last proved who they are.' }),
  last_active_at: timestamp.meta({
    description: 'The last thing the person did, on a page or with a session that came of this browser.',
  }),
  idle_expires_in: z.number().int().meta({ description: 'Seconds of silence left; 0 once ended.' }),
  absolute_expires_in: z
    .number()
    .int()
    .meta({ description: 'Seconds left however active the person is; 0 once ended.' }),
  ended_at: timestamp.nullable(),
  end_reason: endReason.nullable(),
  signals: signalsSchema
    .nullable()
    .meta({ description: 'Circumstances of the sign-in, where they are known.' }),
};

const browserSchema = z.object(browserMembers).meta({ id: 'BrowserSession' });

const browserDetail = z.object({
  ...browserMembers,
  end: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'By whom it was ended, and what was said; null while it lives.' }),
  sessions: z
    .array(sessionSchema)
    .meta({ description: 'The sessions it signed in, live and ended, the latest first.' }),
  timeline: z
    .array(timelineEntry)
    .meta({ description: 'Oldest first; the starts and ends of its sessions too.' }),
});

const byUid = z.object({ uid: browserUid });

/** `GET /v1/browsers`. */
export const list = operation({
  id: 'listBrowsers',
  method: 'get',
  path: '/v1/browsers',
  tag: 'browsers',
  summary: 'Lists the browsers in which an account is or was signed in.',
  description: 'The latest sign-in first. One that has ended is kept as long as an ended session.',
  scope: 'sessions:read',
  query: z.strictObject({
    account: uuid.meta({ description: 'Id of an account.' }),
    state: z.enum(['live', 'ended'], { error: 'must be live or ended' }).optional(),
    limit: limitParameter(),
    cursor: cursorParameter,
  }),
  answers: { 200: { description: 'A page of browser sessions.', schema: pageOf(browserSchema) } },
  problems: { 400: ['invalid_cursor'] },
});

/** `GET /v1/browsers/{uid}`. */
export const show = operation({
  id: 'getBrowser',
  method: 'get',
  path: '/v1/browsers/{uid}',
  tag: 'browsers',
  summary: 'Shows one browser session, what it signed in, and its history.',
  scope: 'sessions:read',
  params: byUid,
  answers: { 200: { description: 'The browser session.', schema: browserDetail } },
  problems: { 404: ['unknown_browser'] },
});

/** `DELETE /v1/browsers/{uid}`. */
export const end = operation({
  id: 'endBrowser',
  method: 'delete',
  path: '/v1/browsers/{uid}',
  tag: 'browsers',
  summary: 'Signs a browser out, with everything it signed in.',
  description:
    'One commit; the answer comes after it is durable. Sessions that are left of a browser which is signed out already end too.',
  scope: 'sessions:end',
  powerless: true,
  params: byUid,
  query: z.strictObject({
    ...endWords,
    keep_offline: flagParameter
      .optional()
      .meta({ description: 'Leave its sessions with scope offline_access alone.' }),
    dry_run: flagParameter.optional(),
    confirm: flagParameter.optional().meta({ description: confirmMeaning }),
  }),
  idempotent: true,
  answers: {
    200: {
      description: 'The ends, or those planned in a dry run.',
      schema: z.object({
        uid: browserUid,
        ended: z.boolean().meta({
          description: 'Whether this request signed it out; false if it was over already, or in a dry run.',
        }),
        dry_run: z.boolean(),
        sessions: z.array(uuid).meta({ description: 'The sessions that ended with it, or would.' }),
        ended_at: timestamp.nullable(),
        end_reason: endReason.nullable(),
        propagation: propagation.nullable(),
      }),
    },
  },
  problems: { 404: ['unknown_browser'] },
});
