import type { Instant } from '@curfew/session-policy';
import { epochSeconds } from '../access-token.js';

/** Seconds that the clock of a client may be ahead (FAPI 2.0 §5.3.2.1 refuses more than 60). */
const maxAhead = 60;
/** Seconds that an assertion may be good for: it is made for one request. */
const maxLife = 600;

/** Seconds by which clocks of clients may differ from ours. */
export const clockTolerance = 10;

/** The audiences under which this service takes assertions. */
export interface AssertionAudiences {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly pushedRequestEndpoint: string;
}

/** The part of a client's registration that concerns its assertions. */
export interface AssertionFacts {
  /** Registered to name an endpoint as well as the issuer. */
  readonly acceptsEndpoints: boolean;
  readonly isHeldToFapi: boolean;
}

/**
 * The fault of an assertion, or null. It is meant for the issuer, as a text or a list of one, so that an assertion shown elsewhere cannot
 * be used here; under FAPI 2.0 §5.3.2.1 only the text will do. A client may be registered to name the endpoints as well, as OpenID Connect
 * Core §9 and RFC 9126 §2 allow.
 */
export function assertionFault(
  { aud, iat, exp }: Readonly<Record<string, unknown>>,
  { acceptsEndpoints, isHeldToFapi }: AssertionFacts,
  { issuer, ...endpoints }: AssertionAudiences,
  now: Instant,
): string | null {
  const accepted: readonly unknown[] = acceptsEndpoints ? [issuer, ...Object.values(endpoints)] : [issuer];
  const audiences = [aud].flat();
  const isMeant = audiences.length > 0 && audiences.every((one) => accepted.includes(one));
  const isOneText =
    typeof aud === 'string' || (!isHeldToFapi && (acceptsEndpoints || audiences.length === 1));
  if (!isMeant || !isOneText) return `the assertion must name ${accepted.join(' or ')} as its audience`;
  const second = epochSeconds(now);
  if (typeof iat === 'number' && iat > second + maxAhead)
    return 'the assertion must not be issued in the future';
  if (Number(exp) > second + maxLife + clockTolerance) return 'the assertion must expire within ten minutes';
  return null;
}
