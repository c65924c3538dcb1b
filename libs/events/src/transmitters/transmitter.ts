import type { Instant } from '@curfew/session-policy';

/** The security events that end something here, by their URIs (CAEP 1.0 §3, RISC 1.0 §2). */
export const actedOn = {
  'https://schemas.openid.net/secevent/caep/event-type/session-revoked': 'session-revoked',
  'https://schemas.openid.net/secevent/caep/event-type/credential-change': 'credential-change',
  'https://schemas.openid.net/secevent/risc/event-type/account-disabled': 'account-disabled',
  'https://schemas.openid.net/secevent/risc/event-type/account-purged': 'account-purged',
} as const;

/** The name of one of them. */
export type Signal = (typeof actedOn)[keyof typeof actedOn];

/** Their names, in the order of the documentation. */
export const signalNames = Object.values(actedOn) as readonly Signal[];

/** The settings of a transmitter that operators write; its header is beside them. */
export interface TransmitterFields {
  /** A word. */
  readonly id: string;
  readonly issuer: string;
  /** The audience that its tokens must name. */
  readonly audience: string;
  /** The address of its keys; null where its metadata names it. */
  readonly jwksUri: string | null;
  readonly delivery: 'push' | 'poll';
  /** The address that is polled; null where it pushes. */
  readonly endpointUrl: string | null;
  /**
   * The endpoint at which access tokens for its polls are got, with the client there and the scope that is asked for; null where it is polled
   * by one header.
   */
  readonly tokenEndpoint: string | null;
  readonly clientId: string | null;
  readonly tokenScope: string | null;
  /** The issuer of the identities that it may speak of. */
  readonly subjectIssuer: string;
  /** Whether it may name people by an address that their account has verified. */
  readonly matchesEmail: boolean;
  /** The signals that end something. */
  readonly signals: readonly Signal[];
  readonly enabled: boolean;
}

/** Another service that tells of security events about people; never with its header. */
export interface Transmitter extends TransmitterFields {
  readonly version: number;
  /** The last answer to a poll; null where there was none. */
  readonly polledAt: Instant | null;
  /** Polls that failed since then. */
  readonly pollFailures: number;
  readonly pollFault: string | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** A transmitter with the Authorization header that it sends, or that is sent to it; with the client secret where it has a token endpoint. */
export interface OpenedTransmitter {
  readonly transmitter: Transmitter;
  readonly authorization: string;
}
