import { Throttle, throttleKey } from '@curfew/accounts';
import {
  type IdentityProvider,
  IdentityProviders,
  LinkedIdentities,
} from '@curfew/accounts/identity-providers';
import { ArtifactStore, UpstreamSessions } from '@curfew/artifacts';
import { Clock } from '@curfew/clock';
import { type Author, endEverything, OperationParts } from '@curfew/operations';
import { endOfUpstream } from '@curfew/operations/elsewhere';
import { PrismaService, retrying, type Transaction } from '@curfew/persistence';
import { readJws } from '@curfew/resource-server/jws';
import { type LoggedOut, loggedOutBy, oldestLogout } from '@curfew/resource-server/logout-claims';
import { plus, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { UpstreamParts } from './upstream-parts.js';

/** Why a logout token ends nothing. */
export type LogoutFault =
  | 'provider_unknown'
  | 'token_invalid'
  | 'token_used'
  | 'keys_unavailable'
  | 'throttled';

/** The number of sessions and browsers that ended, or the fault; with the seconds after which the token may be sent again. */
export type LogoutOutcome =
  | { readonly fault: LogoutFault }
  | { readonly fault: LogoutFault; readonly retryAfter: number }
  | { readonly ended: number };

const reason = 'ended_by_identity_provider';

/** ClientKeys leaves an address that failed alone for so long. */
const noKeys = { fault: 'keys_unavailable', retryAfter: 10 } as const;

/** Ends what came of a session at another identity provider, where that says so (OpenID Connect Back-Channel Logout 1.0). */
@Injectable()
export class UpstreamLogout {
  constructor(
    private readonly parts: UpstreamParts,
    private readonly operations: OperationParts,
    private readonly prisma: PrismaService,
    private readonly providers: IdentityProviders,
    private readonly identities: LinkedIdentities,
    private readonly upstreamSessions: UpstreamSessions,
    private readonly artifacts: ArtifactStore,
    private readonly throttle: Throttle,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a token of the provider with this id, from a network. Everything that it ends has ended when this returns, in one commit with its
   * use.
   */
  async take(id: string, token: string, network: string): Promise<LogoutOutcome> {
    const jws = readJws(token);
    if (!jws) return { fault: 'token_invalid' };
    const opened = await this.providers.opened(id);
    if (!opened) return { fault: 'provider_unknown' };
    const { issuer, clientId } = opened.provider;
    const now = this.clock.now();
    const loggedOut = loggedOutBy(jws, issuer, clientId, now);
    // A token that nobody has signed costs no request to the provider, and no row.
    if (!loggedOut || !isCurrent(jws.payload['exp'], now)) return { fault: 'token_invalid' };
    // A provider whose metadata are not known is asked for them: strangers have that done as seldom as by the sign-in page.
    if (!this.parts.client.knows(opened)) {
      const verdict = await this.throttle.take(throttleKey('upstream', network), this.parts.limit);
      if (!verdict.allowed) return { fault: 'throttled', retryAfter: verdict.retryAfter };
    }
    let address: string | undefined;
    try {
      address = await this.parts.client.keysOf(opened);
    } catch {
      return noKeys;
    }
    if (address === undefined) return noKeys;
    if (!(await this.parts.keys.verifies({ metadata: { jwks_uri: address } }, jws, now)))
      return this.parts.keys.hasAny(address) ? { fault: 'token_invalid' } : noKeys;
    const by = { kind: 'system', id: null, ip: null } as const;
    const author: Author = { by, note: `said by ${opened.provider.id}` };
    return retrying(() =>
      this.prisma.$transaction((tx) => this.#end(opened.provider, loggedOut, author, tx)),
    );
  }

  async #end(
    { issuer }: IdentityProvider,
    { id, sessionId, subject }: LoggedOut,
    author: Author,
    tx: Transaction,
  ): Promise<LogoutOutcome> {
    const now = this.clock.now();
    const key = { kind: 'UpstreamLogoutToken', id: JSON.stringify([issuer, id]) };
    // As long as its age lets it in, twice over: clocks may differ.
    const until = plus(now, seconds(2 * oldestLogout));
    if (!(await this.artifacts.useUp(key, now, until, tx))) return { fault: 'token_used' };
    const { sessions } = this.operations;
    const parts = { sessions, clock: this.clock, upstreamSessions: this.upstreamSessions };
    const over = await endOfUpstream(parts, { issuer, sessionId, subject }, author, tx);
    const ended = over.sessions.length + over.browserSessions.length;
    if (sessionId !== undefined) return { ended };
    return { ended: ended + (await this.#endAccount(issuer, subject!, author, tx)) };
  }

  /**
   * All sessions of a person there, beside those that came of them in another account, which they were linked to before: no session here
   * knows by which way in it began, so that everything of the account ends.
   */
  async #endAccount(issuer: string, subject: string, author: Author, tx: Transaction): Promise<number> {
    const accountId = await this.identities.accountOf({ issuer, subject });
    if (accountId === undefined) return 0;
    const target = { kind: 'account', target: accountId } as const;
    const ended = await endEverything(this.operations, target, reason, author, tx);
    return ended.sessions.length + ended.browserSessions.length;
  }
}

/** Whether a token has an end that has not passed (RFC 7519 §4.1.4), by clocks that may differ by a minute. */
const isCurrent = (exp: unknown, now: number): boolean => typeof exp === 'number' && now / 1000 < exp + 60;
