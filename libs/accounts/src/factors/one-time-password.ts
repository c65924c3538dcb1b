import type { Instant } from '@curfew/session-policy';
import { Secret, TOTP } from 'otpauth';

/** Seconds of one time step (RFC 6238 §5.2). */
const period = 30;

/** Time steps before and after the present one whose password is taken, for clocks that are wrong and people who type (RFC 6238 §6). */
const drift = 1;

/** Authenticator apps know these and few others (RFC 6238 §1.2). */
const common = { algorithm: 'SHA1', digits: 6, period } as const;

/** A new shared secret of 160 bits (RFC 4226 §4), in Base32. */
export const newSharedSecret = (): string => new Secret({ size: 20 }).base32;

/** The address that an authenticator app reads from a QR code. */
export const provisioningUri = (secret: string, issuer: string, username: string): string =>
  new TOTP({ ...common, issuer, label: username, secret: Secret.fromBase32(secret) }).toString();

/** The time step whose password this is, within the drift; null where it is none of them. */
export function timeStepOf(typed: string, secret: string, now: Instant): number | null {
  if (!/^\d{6}$/.test(typed)) return null;
  const totp = new TOTP({ ...common, secret: Secret.fromBase32(secret) });
  const delta = totp.validate({ token: typed, timestamp: now, window: drift });
  return delta === null ? null : Math.floor(now / 1000 / period) + delta;
}
