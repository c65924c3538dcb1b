import type { RequestSignals } from '@curfew/session-policy';

/** The browser a session was authorized in, for people who look at their sessions: what of it is known, by short names. */
export interface Origin {
  readonly ua?: string;
  readonly os?: string;
  readonly ip?: string;
  readonly country?: string;
}

/** What a code keeps of the browser in front of it. */
export const originOf = (browser: RequestSignals): Origin => ({
  ...(browser.userAgentFamily !== null && { ua: browser.userAgentFamily }),
  ...(browser.operatingSystem !== null && { os: browser.operatingSystem }),
  ...(browser.ip !== null && { ip: browser.ip }),
  ...(browser.country !== null && { country: browser.country }),
});

/**
 * What of it is worth keeping with the session: nothing where the code was redeemed by the same program, so that rows stay
 * short. Where a server redeemed it, or an app the code of a browser, people would not know themselves in the session's
 * baseline, which stays what it is for: comparing one token request with another.
 */
export function worthKeeping(origin: Origin | undefined, redeemedBy: RequestSignals): Origin | undefined {
  if (!origin || Object.keys(origin).length === 0) return undefined;
  const { userAgentFamily, operatingSystem } = redeemedBy;
  const isSame = (origin.ua ?? null) === userAgentFamily && (origin.os ?? null) === operatingSystem;
  return isSame ? undefined : origin;
}
