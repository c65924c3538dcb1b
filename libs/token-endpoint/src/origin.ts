import type { RequestSignals } from '@curfew/session-policy';

/** The known facts, by short names, about the browser in which a session was authorized, for people who look at their sessions. */
export interface Origin {
  readonly ua?: string;
  readonly os?: string;
  readonly ip?: string;
  readonly country?: string;
}

/** The facts that a code keeps about the browser. */
export const originOf = (browser: RequestSignals): Origin => ({
  ...(browser.userAgentFamily !== null && { ua: browser.userAgentFamily }),
  ...(browser.operatingSystem !== null && { os: browser.operatingSystem }),
  ...(browser.ip !== null && { ip: browser.ip }),
  ...(browser.country !== null && { country: browser.country }),
});

/**
 * The part that is worth keeping with the session: nothing if the same program redeemed the code, so that rows stay short. If a server
 * redeemed it, or an app the code of a browser, people would not recognize themselves in the session's baseline, which is there to compare
 * one token request with another.
 */
export function worthKeeping(origin: Origin | undefined, redeemedBy: RequestSignals): Origin | undefined {
  if (!origin || Object.keys(origin).length === 0) return undefined;
  const { userAgentFamily, operatingSystem } = redeemedBy;
  const isSame = (origin.ua ?? null) === userAgentFamily && (origin.os ?? null) === operatingSystem;
  return isSame ? undefined : origin;
}
