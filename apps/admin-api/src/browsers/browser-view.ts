import { type Instant, secondsUntil } from '@curfew/session-policy';
import type { BrowserSessionSummary } from '@curfew/sessions';
import { written, writtenOrNull } from '../contract/wire.js';
import { signalsOnWire } from '../sessions/session-view.js';

/** A browser session as the wire has it at `now`. */
export const browserOnWire = (browser: BrowserSessionSummary, now: Instant) => ({
  uid: browser.uid,
  account_id: browser.accountId,
  state: browser.ended ? ('ended' as const) : ('live' as const),
  signed_in_at: written(browser.signedInAt),
  last_active_at: written(browser.lastActiveAt),
  idle_expires_in: browser.ended ? 0 : secondsUntil(browser.inactivityDeadline, now),
  absolute_expires_in: browser.ended ? 0 : secondsUntil(browser.absoluteDeadline, now),
  ended_at: writtenOrNull(browser.ended?.at),
  end_reason: browser.ended?.reason ?? null,
  signals: browser.signals && signalsOnWire(browser.signals),
});
