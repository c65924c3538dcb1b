/** Address, network and device information of a request. A value that is not known is null and never counts as a difference. */
export interface RequestSignals {
  /** Canonical address of the client: the socket's, or as the configured number of trusted hops say. */
  readonly ip: string | null;
  /** /24 for IPv4, /64 for IPv6. */
  readonly prefix: string | null;
  /** Autonomous system number, e.g. 3320, from the offline database where one is configured. */
  readonly asn: number | null;
  /** ISO 3166-1 alpha-2, from the offline database where one is configured. */
  readonly country: string | null;
  /** Browser or HTTP library family without its version, e.g. "Firefox". */
  readonly userAgentFamily: string | null;
  /** Operating system without its version, e.g. "Android". */
  readonly operatingSystem: string | null;
  /** An identifier the client chose to send. */
  readonly deviceId: string | null;
  /** TLS fingerprint header set by a trusted proxy. */
  readonly tlsFingerprint: string | null;
}

/** Signals of a request about which nothing is known. */
export const unknownSignals: RequestSignals = {
  ip: null,
  prefix: null,
  asn: null,
  country: null,
  userAgentFamily: null,
  operatingSystem: null,
  deviceId: null,
  tlsFingerprint: null,
};
