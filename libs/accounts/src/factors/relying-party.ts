import { isIP } from 'node:net';

/** This service as passkeys know it (WebAuthn §4, "Relying Party"). */
export interface RelyingParty {
  /** The host of the issuer: browsers use a passkey nowhere else. */
  readonly id: string;
  readonly origin: string;
}

/** Why an issuer can have no passkeys. */
export interface WithoutPasskeys {
  readonly because: string;
}

/**
 * The relying party of an issuer. An RP ID is a domain name, so that an issuer with an IP address has no passkeys (WebAuthn §5.1.2), and
 * browsers offer them only to https and to this machine.
 */
export function relyingPartyOf(issuer: string): RelyingParty | WithoutPasskeys {
  const { hostname, origin, protocol } = new URL(issuer);
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0)
    return {
      because: `the host of the issuer ${issuer} is an IP address; passkeys need a domain name or localhost`,
    };
  const isHere = hostname === 'localhost' || hostname.endsWith('.localhost');
  if (protocol !== 'https:' && !isHere)
    return {
      because: `the issuer ${issuer} is not served by https, and browsers offer passkeys nowhere else`,
    };
  return { id: hostname, origin };
}
