import type { UpstreamOrigin } from '@curfew/artifacts';
import { type Instant, instant } from '@curfew/session-policy';
import { hashOfId } from '@curfew/tokens';

const hashed = (...names: readonly string[]): string =>
  Buffer.from(hashOfId(JSON.stringify(names))).toString('base64url');

/** The name of one session at a provider. */
export const sessionKey = (issuer: string, sid: string): string => hashed(issuer, 'sid', sid);

/** The name of what a provider tells of a person without saying which of their sessions it is. */
export const subjectKey = (issuer: string, subject: string): string => hashed(issuer, 'sub', subject);

/** The name of a person at a provider, whatever their session. */
export const personKey = (issuer: string, subject: string): string => hashed(issuer, 'person', subject);

/**
 * The session at a provider that an ID token comes of (`sid`, OpenID Connect Back-Channel Logout §2.1), and when it is over
 * (`session_expiry`, IPSIE SL1 §3.2.1). Undefined where that is no instant, or one that has passed: nobody is signed in by it.
 */
export function originOf(
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
  now: Instant,
): UpstreamOrigin | undefined {
  const { sid, sub, session_expiry: expiry } = claims;
  const isOneSession = typeof sid === 'string' && sid !== '';
  const key = isOneSession ? sessionKey(issuer, sid) : subjectKey(issuer, String(sub));
  const origin = { key, person: personKey(issuer, String(sub)), toldAt: now, isOneSession };
  if (expiry === undefined) return { ...origin, endsAt: null };
  // Beyond that no date of JavaScript is, and no row could hold it.
  if (typeof expiry !== 'number' || !(expiry * 1000 > now) || expiry > latestSecond) return undefined;
  return { ...origin, endsAt: instant(Math.floor(expiry) * 1000) };
}

/** The last second of the year 9999. */
const latestSecond = 253_402_300_799;
