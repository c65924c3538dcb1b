import { type EndReason, type Instant, instant, type NotBefore, seconds } from '@curfew/session-policy';
import {
  type PackedSignals,
  packAuthorization,
  packSignals,
  unpackAuthorization,
  unpackSignals,
} from './packed-columns.js';
import type { FoundSession, StoredSession } from './session-store.js';

/** The columns of a session as the driver hands them over. */
export interface SessionRow {
  id: string;
  account_id: string;
  client_id: string;
  browser_session_uid: string | null;
  offline: boolean;
  resources: string[];
  /** As `packAuthorization` leaves it. */
  authorization: Record<string, unknown>;
  /** As `packSignals` leaves it. */
  baseline: PackedSignals;
  signed_in_at: Date;
  authenticated_at: Date | null;
  started_at: Date;
  inactivity_timeout: number;
  absolute_deadline: Date;
  key_thumbprint: string | null;
  step_up_required_at: Date | null;
  stepped_up_at: Date | null;
  ended_at: Date | null;
  end_reason: EndReason | null;
  generation: number;
  retries: number;
  last_active_at: Date;
  expires_at: Date;
  rotated_at: Date | null;
  token_hash: Uint8Array | null;
  successor_seal: Uint8Array | null;
  after_idle_cut: boolean | null;
  shadow_end: Date | null;
}

/** What one read brings: the session, what kills it, and whether the access token asked about was revoked. */
export interface FoundRow extends SessionRow {
  not_before: { kind: NotBefore['kind']; at: number; reason: EndReason }[] | null;
  token_revoked: boolean;
}

/** An instant as the driver wants it. */
export const atDate = (value: Instant): Date => new Date(value);

const moment = (value: Date): Instant => instant(value.getTime());
const momentOrNull = (value: Date | null): Instant | null => (value === null ? null : moment(value));

/** A row as the domain speaks of it. */
export const readRow = (row: SessionRow): StoredSession =>
  unpacked({
    id: row.id,
    accountId: row.account_id,
    clientId: row.client_id,
    browserSessionUid: row.browser_session_uid,
    offline: row.offline,
    resources: row.resources,
    authorization: row.authorization,
    baseline: row.baseline,
    signedInAt: moment(row.signed_in_at),
    authenticatedAt: momentOrNull(row.authenticated_at),
    startedAt: moment(row.started_at),
    inactivityTimeout: seconds(row.inactivity_timeout),
    absoluteDeadline: moment(row.absolute_deadline),
    keyThumbprint: row.key_thumbprint,
    stepUpRequiredAt: momentOrNull(row.step_up_required_at),
    steppedUpAt: momentOrNull(row.stepped_up_at),
    ended: row.ended_at && row.end_reason ? { at: moment(row.ended_at), reason: row.end_reason } : null,
    generation: row.generation,
    retries: row.retries,
    lastActiveAt: moment(row.last_active_at),
    expiresAt: moment(row.expires_at),
    rotatedAt: momentOrNull(row.rotated_at),
    tokenHash: row.token_hash,
    successorSeal: row.successor_seal,
    shadowEnd: momentOrNull(row.shadow_end),
    afterIdleCut: row.after_idle_cut ?? false,
  });

/** A stored session whose JSON columns are still as the row has them. */
type Packed = Omit<StoredSession, 'baseline'> & { readonly baseline: PackedSignals };

/** Makes what was left out of a row whole again. */
export const unpacked = (row: Packed): StoredSession => ({
  ...row,
  authorization: unpackAuthorization(row.authorization, row),
  baseline: unpackSignals(row.baseline),
});

const iso = (value: Instant): string => new Date(value).toISOString();
const bytes = (value: Uint8Array | null): string | null =>
  value ? `\\x${Buffer.from(value).toString('hex')}` : null;

/** The columns a new session is written with, and no others: a later version may have added some that have their own defaults. */
export const startColumns = [
  'id',
  'account_id',
  'client_id',
  'browser_session_uid',
  'offline',
  'resources',
  'authorization',
  'baseline',
  'signed_in_at',
  'authenticated_at',
  'started_at',
  'inactivity_timeout',
  'absolute_deadline',
  'check_after',
  'key_thumbprint',
  'generation',
  'retries',
  'last_active_at',
  'expires_at',
  'token_hash',
] as const;

/** A new session as one JSON parameter for `jsonb_populate_record(NULL::session, …)`: those columns, by their names. */
export const startValues = (session: StoredSession): string =>
  JSON.stringify({
    id: session.id,
    account_id: session.accountId,
    client_id: session.clientId,
    browser_session_uid: session.browserSessionUid,
    offline: session.offline,
    resources: session.resources,
    authorization: packAuthorization(session),
    baseline: packSignals(session.baseline),
    signed_in_at: iso(session.signedInAt),
    authenticated_at: session.authenticatedAt === null ? null : iso(session.authenticatedAt),
    started_at: iso(session.startedAt),
    inactivity_timeout: session.inactivityTimeout,
    absolute_deadline: iso(session.absoluteDeadline),
    check_after: iso(session.expiresAt),
    key_thumbprint: session.keyThumbprint,
    generation: session.generation,
    retries: session.retries,
    last_active_at: iso(session.lastActiveAt),
    expires_at: iso(session.expiresAt),
    token_hash: bytes(session.tokenHash),
  } satisfies Record<(typeof startColumns)[number], unknown>);

/** A found row as the domain speaks of it. */
export const readFound = (row: FoundRow): FoundSession => ({
  session: readRow(row),
  notBefore: (row.not_before ?? []).map((entry) => ({ ...entry, at: instant(entry.at) })),
  tokenRevoked: row.token_revoked,
});
