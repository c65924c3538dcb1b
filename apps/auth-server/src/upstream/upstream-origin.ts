import { personKey, sessionKey, subjectKey, type UpstreamOrigin } from '@curfew/artifacts';
import { type Instant, instant } from '@curfew/session-policy';

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
