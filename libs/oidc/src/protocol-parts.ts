import type { ConsentService, ThrottleLimit } from '@curfew/accounts';
import type { Seconds } from '@curfew/session-policy';
import type { BrowserSessionEnds } from '@curfew/sessions';
import type { TimeoutReturns } from '@curfew/sessions/store';
import type { ServiceParts } from '@curfew/token-endpoint';
import type { ProtocolPages } from './protocol-pages.js';

/** Everything the protocol layer translates between; assembled by the app. */
export interface ProtocolParts extends ServiceParts {
  /** Path of the issuer without a trailing slash, '' for none. */
  readonly basePath: string;
  /** Counts how people come back after a timeout; without it, nobody does. */
  readonly timeoutReturns?: TimeoutReturns | undefined;
  readonly browserSessionEnds: BrowserSessionEnds;
  readonly consents: ConsentService;
  readonly pages: ProtocolPages;
  readonly cookies: { readonly name: string; readonly lifetime: number; readonly secure: boolean };
  readonly keys: { readonly cookies: readonly string[]; readonly dpopNonce: Buffer };
  /** How long others may keep the metadata and the key set. */
  readonly metadataMaxAge: Seconds;
  /** Whether addresses that clients registered may be internal ones: development and tests only. */
  readonly allowInsideAddresses: boolean;
  /** The endpoint of Global Token Revocation at the admin API; null where its address is unknown. */
  readonly globalRevocation: string | null;
  /** Whether client ids may be the addresses of documents (Client ID Metadata Documents). */
  readonly clientDocuments: boolean;
  /** Whether pages tell the developer of a client what is wrong with its request: development only. */
  readonly advisesDevelopers: boolean;
  /** Wrong user codes let through per browser and network (RFC 8628 §5.1). */
  readonly userCodeGuesses: ThrottleLimit;
}
