import type { AccountService, ConsentService, Throttle, ThrottleLimit } from '@curfew/accounts';
import type { Clock } from '@curfew/clock';
import type { Seconds } from '@curfew/session-policy';
import type {
  AccessTokenCodec,
  BrowserSessionEnds,
  SessionQueries,
  SessionService,
  TimeoutReturns,
} from '@curfew/sessions';
import type { SignalsReader } from '@curfew/signals';
import type { ClientDirectory } from './client-directory.js';
import type { ProtocolPages } from './protocol-pages.js';
import type { ArtifactStore } from './storage/artifact-store.js';
import type { BrowserSessionStore } from './storage/browser-session-store.js';
import type { RateBuckets } from './throttles/rate-buckets.js';
import type { RefreshThrottle } from './throttles/refresh-throttle.js';

/** Everything the protocol layer translates between; assembled by the app. */
export interface ProtocolParts {
  readonly issuer: string;
  /** Path of the issuer without a trailing slash, '' for none. */
  readonly basePath: string;
  readonly clock: Clock;
  readonly sessions: SessionService;
  readonly queries: SessionQueries;
  readonly accessTokens: AccessTokenCodec;
  readonly artifacts: ArtifactStore;
  readonly browserSessions: BrowserSessionStore;
  /** Counts how people come back after a timeout; without it, nobody does. */
  readonly timeoutReturns?: TimeoutReturns | undefined;
  readonly browserSessionEnds: BrowserSessionEnds;
  readonly accounts: AccountService;
  readonly consents: ConsentService;
  readonly clients: ClientDirectory;
  readonly pages: ProtocolPages;
  readonly signals: SignalsReader;
  readonly cookies: { readonly name: string; readonly lifetime: number; readonly secure: boolean };
  readonly keys: { readonly cookies: readonly string[]; readonly dpopNonce: Buffer };
  /** Header in which a trusted proxy hands over the client certificate, if one does (RFC 8705). */
  readonly certificateHeader: string | undefined;
  /** How long others may keep the metadata and the key set. */
  readonly metadataMaxAge: Seconds;
  /** Whether addresses that clients registered may be internal ones: development and tests only. */
  readonly allowInsideAddresses: boolean;
  /** Whether pages tell the developer of a client what is wrong with its request: development only. */
  readonly advisesDevelopers: boolean;
  readonly throttle: Throttle;
  /** Refused refreshes by client and network. */
  readonly refreshThrottle: RefreshThrottle;
  /** Introspections by caller. */
  readonly introspections: RateBuckets;
  /** Wrong user codes let through per browser and network (RFC 8628 §5.1). */
  readonly userCodeGuesses: ThrottleLimit;
  /** Waits until every follower of the session feed has carried out what was ended, or has stopped trusting its memory. */
  readonly confirmEnd: () => Promise<{ readonly confirmed: boolean }>;
  readonly isUnavailable: (error: unknown) => boolean;
  readonly report: (error: unknown, subject: string) => void;
}
