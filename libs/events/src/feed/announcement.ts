import type { Instant } from '@curfew/session-policy';

/** The NOTIFY channel on which every end is announced by the transaction that makes it true. */
export const endsChannel = 'curfew_ends';

/** A mass end as followers hear of it: what was authorized at or before `at` is over. */
export interface AnnouncedMassEnd {
  readonly kind: 'account' | 'client' | 'everyone';
  /** Account id, client id or '' for everyone. */
  readonly target: string;
  readonly at: Instant;
}

/** Ends of any kind, together: ids of sessions, SHA-256 (hexadecimal) of single access tokens, mass ends. */
export interface AnnouncedEnds {
  readonly sessions: readonly string[];
  readonly tokens: readonly string[];
  readonly all: readonly AnnouncedMassEnd[];
}

/** No end at all. */
export const noEnds: AnnouncedEnds = { sessions: [], tokens: [], all: [] };

/** How many ends these are. */
export const countEnds = ({ sessions, tokens, all }: AnnouncedEnds): number =>
  sessions.length + tokens.length + all.length;

/** What one announcement says; null for what another version of the product may have sent, which may mean anything. */
export function readAnnouncement(payload: string, now: Instant): AnnouncedEnds | null {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(payload)) return { ...noEnds, sessions: [payload] };
  const [, kind, target = ''] = /^(account|client|everyone|token):(.*)$/s.exec(payload) ?? [];
  switch (kind) {
    case 'token':
      return /^[0-9a-f]{64}$/.test(target) ? { ...noEnds, tokens: [target] } : null;
    case 'account':
    case 'client':
    case 'everyone':
      // The row knows the exact instant; until it is read, everything up to now is in question.
      return { ...noEnds, all: [{ kind, target, at: now }] };
    default:
      return null;
  }
}
