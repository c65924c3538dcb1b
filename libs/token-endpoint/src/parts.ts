import type { AccountService, Throttle } from '@curfew/accounts';
import type { ArtifactStore, BrowserSessionStore } from '@curfew/artifacts';
import type { Clock } from '@curfew/clock';
import type { SessionQueries, SessionService } from '@curfew/sessions';
import type { SignalsReader } from '@curfew/signals';
import type { AccessTokenCodec, KeySet } from '@curfew/tokens';
import type { ClientAssertions } from './client/client-assertion.js';
import type { ClientDirectory } from './client/client-authentication.js';
import type { JwtAccessTokens } from './introspection/jwt-access-tokens.js';
import type { Proofs } from './proof/proof.js';
import type { RateBuckets, RefreshThrottle } from './throttles.js';

/** The parts that a process hands to the token endpoint. */
export interface ServiceParts {
  readonly issuer: string;
  readonly clock: Clock;
  readonly sessions: SessionService;
  readonly queries: SessionQueries;
  readonly accessTokens: AccessTokenCodec;
  readonly artifacts: ArtifactStore;
  readonly browserSessions: BrowserSessionStore;
  readonly accounts: AccountService;
  readonly clients: ClientDirectory;
  readonly signals: SignalsReader;
  /** Header in which a trusted proxy hands over the client certificate, if one does (RFC 8705). */
  readonly certificateHeader: string | undefined;
  readonly throttle: Throttle;
  /** Refused refreshes by client and network. */
  readonly refreshThrottle: RefreshThrottle;
  /** Introspections by caller. */
  readonly introspections: RateBuckets;
  /** Exchanges by client and session (RFC 8693). */
  readonly exchanges: RateBuckets;
  /** Waits until every follower of the session feed has carried out what was ended, or has stopped trusting its memory. */
  readonly confirmEnd: () => Promise<{ readonly confirmed: boolean }>;
  readonly isUnavailable: (error: unknown) => boolean;
  readonly report: (error: unknown, subject: string) => void;
}

/** The parts of the token, introspection and revocation endpoints. */
export interface EndpointParts extends ServiceParts {
  readonly signingKeys: () => KeySet;
  readonly jwts: JwtAccessTokens;
  readonly proofs: Proofs;
  readonly assertions: ClientAssertions;
}
