import { administratorMayUse, endReasons, reachOf } from '@curfew/session-policy';
import { z } from 'zod';
import {
  clientId,
  cursorParameter,
  flagParameter,
  instantParameter,
  limitParameter,
  networkParameter,
  note,
  pageOf,
  timestamp,
  uuid,
} from '../contract/wire.js';
import { delegation } from './delegations.js';
import { nameMembers, timelineEntry } from './name-schemas.js';

/** A reason for an end; one of the closed list. */
export const endReason = z
  .enum(endReasons, { error: 'must be one of the reasons for an end' })
  .meta({ id: 'EndReason' });

const searchMembers = {
  account: uuid.optional().meta({ description: 'Id of an account.' }),
  client: clientId.optional(),
  ip: networkParameter.optional().meta({ description: 'Address at sign-in, or a network in CIDR notation.' }),
  user_agent: z
    .string()
    .trim()
    .min(1, { error: 'must not be empty' })
    .max(100, { error: 'must have at most 100 characters' })
    .optional()
    .meta({
      description: 'Part of browser family and operating system, such as "firefox" or "chrome android".',
    }),
  state: z.enum(['live', 'ended'], { error: 'must be live or ended' }).optional(),
  reason: endReason.optional(),
  started_after: instantParameter.optional(),
  started_before: instantParameter.optional(),
  active_after: instantParameter.optional(),
  active_before: instantParameter.optional(),
  ended_after: instantParameter.optional(),
  ended_before: instantParameter.optional(),
  policy: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be the name of a policy' })
    .optional()
    .meta({ description: 'Name of a policy that is attached to the client or to an API of the session.' }),
};

/** The conditions of a search for sessions, in a query or in a body. */
export const searchSchema = z.strictObject(searchMembers).meta({ id: 'SessionSearch' });

/** The search as it was sent, checked. */
export type SearchInput = z.output<typeof searchSchema>;

/** The query of the list of sessions. */
export const listQuery = z.strictObject({
  ...searchMembers,
  sort: z
    .enum(['-started_at', 'started_at', '-ended_at', 'ended_at'], {
      error: 'must be started_at or ended_at, with - in front for the latest first',
    })
    .default('-started_at'),
  limit: limitParameter(),
  cursor: cursorParameter,
});

/** The address, network and device information of a request. */
export const signalsSchema = z.object({
  ip: z.string().nullable(),
  network: z.string().nullable(),
  asn: z.number().int().nullable(),
  country: z.string().nullable(),
  user_agent_family: z.string().nullable(),
  operating_system: z.string().nullable(),
  device_id: z.string().nullable(),
  tls_fingerprint: z.string().nullable(),
});

const sessionMembers = {
  id: uuid.meta({ description: 'The `sid` that introspection answers with.' }),
  account_id: uuid,
  client_id: z.string(),
  client_name: z.string().nullable(),
  state: z.enum(['live', 'ended']),
  signed_in_at: timestamp,
  started_at: timestamp,
  last_active_at: timestamp,
  idle_expires_in: z.number().int().meta({ description: 'Seconds of silence left; 0 once ended.' }),
  idle_warning_in: z.number().int().meta({
    description:
      'Seconds until the person should be warned of the end by silence (WCAG 2.2.1); 0 from then on.',
  }),
  absolute_expires_in: z
    .number()
    .int()
    .meta({ description: 'Seconds left however active it is; 0 once ended.' }),
  ended_at: timestamp.nullable(),
  end_reason: endReason.nullable(),
  scope: z.string(),
  resources: z.array(z.string()),
  browser: z.string().nullable().meta({
    description: 'Uid of the browser session it came of; null for a device without a browser.',
  }),
  offline: z.boolean().meta({ description: 'Whether it outlives the sign-in of its browser.' }),
  sender_constrained: z
    .boolean()
    .meta({ description: 'Whether its tokens are bound to a key (DPoP or mTLS).' }),
  step_up_pending: z.boolean(),
  refreshes: z.number().int().meta({ description: 'How often its refresh token was rotated.' }),
  signals: signalsSchema.meta({ description: 'Circumstances at sign-in, or at the last step-up.' }),
};

/** A session as lists show it. */
export const sessionSchema = z.object({ ...sessionMembers, ...nameMembers }).meta({ id: 'Session' });

/** A page of sessions. */
export const sessionPage = pageOf(sessionSchema);

/** A session with its history. */
export const sessionDetail = z.object({
  ...sessionMembers,
  ...nameMembers,
  authentication: z.object({
    acr: z.string().nullable(),
    amr: z.array(z.string()),
    auth_time: z.number().int().nullable(),
  }),
  policy: z
    .record(z.string(), z.unknown())
    .meta({ description: 'The settings in force for it now: the strictest of the policies that match.' }),
  end: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'By whom it was ended, and the evidence; null while it lives.' }),
  timeline: z
    .array(timelineEntry)
    .meta({ description: 'Oldest first; refreshes are summed up, and exchanges are in `delegations`.' }),
  timeline_truncated: z.boolean(),
  delegations: z
    .array(delegation)
    .meta({ description: 'Tokens that clients exchanged for its own (RFC 8693), oldest first.' }),
});

/** How an end became known, and by when it is honoured. */
export const propagation = z.object({
  durable: z.literal(true).meta({ description: 'Committed before this answer; a crash does not undo it.' }),
  authorization_server: z
    .literal('immediate')
    .meta({ description: 'Refresh, introspection and userinfo ask the row that was written.' }),
  announced: z
    .boolean()
    .meta({ description: 'Whether the announcement to followers was heard by this process.' }),
  announced_after_ms: z.number().int().nullable(),
  confirmed: z.boolean().nullable().meta({
    description:
      'Whether every live follower acknowledged it, or lost its trust in what it remembered; null where that was not asked for.',
  }),
  confirmed_after_ms: z.number().int().nullable(),
  honoured_everywhere_within_seconds: z
    .number()
    .int()
    .meta({ description: 'The bound for gateways and APIs that follow the session feed.' }),
});

const administratorReasons = endReasons.filter(administratorMayUse);

/** The reasons that an administrator may give and that sign no browser out, as descriptions name them. */
export const reasonsWithoutBrowser = administratorReasons
  .filter((reason) => reachOf(reason) === 'session')
  .map((reason) => `\`${reason}\``)
  .join(', ');

/** The reason and the note of an end. */
export const endWords = {
  reason: z
    .enum(administratorReasons, { error: 'must be a reason an administrator may give' })
    .default('ended_by_administrator'),
  note: note.optional(),
};

/** The description of `confirm`. */
export const confirmMeaning =
  'Wait until no gateway or API that follows the feed lets it pass any more; four seconds at most.';

const onlyThisSession =
  'End what is named and nothing else: the browser stays signed in, with everything else it signed in.';

/** The query of the end of one session. */
export const endOneQuery = z.strictObject({
  ...endWords,
  only_this_session: flagParameter.optional().meta({ description: onlyThisSession }),
  dry_run: flagParameter.optional(),
  confirm: flagParameter.optional().meta({ description: confirmMeaning }),
});

const reachedMembers = {
  along: z.array(uuid).meta({
    description: 'Other sessions that ended with it, or would, because they came of the same browser.',
  }),
  browsers: z.array(z.string()).meta({ description: 'Browsers that were signed out, or would be.' }),
};

/** The answer to the end of one session. */
export const endedOne = z.object({
  id: uuid,
  ended: z
    .boolean()
    .meta({ description: 'Whether this request ended it; false if it was over already, or in a dry run.' }),
  dry_run: z.boolean(),
  ...reachedMembers,
  ended_at: timestamp.nullable(),
  end_reason: endReason.nullable(),
  propagation: propagation.nullable(),
});

const selection = z.union(
  [
    z.strictObject({ ids: z.array(uuid).min(1).max(1_000) }),
    z.strictObject({ account: uuid }),
    z.strictObject({ client: clientId }),
    z.strictObject({ everyone: z.literal(true) }),
    z.strictObject({ search: searchSchema }),
  ],
  { error: 'must be one of ids, account, client, everyone (true), search' },
);

/** The body of the end of many sessions. */
export const endManyBody = z
  .strictObject({
    selection: selection.meta({ description: 'Which sessions.' }),
    ...endWords,
    only_this_session: z.boolean().default(false).meta({ description: onlyThisSession }),
    dry_run: z.boolean().default(false).meta({ description: 'Only count what would be ended.' }),
    confirm: z.boolean().default(false).meta({ description: confirmMeaning }),
  })
  .superRefine(({ selection: selected, only_this_session }, context) => {
    if (only_this_session && !('ids' in selected) && !('search' in selected))
      context.addIssue({
        code: 'custom',
        path: ['only_this_session'],
        message: 'must be false for a selection other than ids or search: those are ended as a whole',
      });
  });

/** The sessions selected for an end. */
export type EndSelection = z.output<typeof selection>;

/** The answer to the end of many sessions. */
export const endedMany = z.object({
  dry_run: z.boolean(),
  matched: z.number().int().nullable().meta({
    description:
      'Live sessions the selection names; counted in a dry run, and where they were ended one by one.',
  }),
  by_client: z.array(z.object({ client_id: z.string(), count: z.number().int() })),
  along: z.number().int().meta({
    description:
      'Sessions that end beside those of the selection, or would, because they came of the same browsers.',
  }),
  browsers: z.number().int().meta({ description: 'Browsers that are signed out, or would be.' }),
  recorded: z.number().int().meta({ description: 'Sessions whose own end is written already.' }),
  complete: z.boolean().meta({
    description:
      'Whether the end is whole. If a mass end, which has `not_before`, is not, all are dead, and the records follow within seconds. If the end of a search is not, its latest sessions have ended and the others live: send it again until it is.',
  }),
  not_before: timestamp
    .nullable()
    .meta({ description: 'Everything authorized at or before this instant is over.' }),
  propagation: propagation.nullable(),
});
