import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { OperatorStore } from '@curfew/accounts';
import type { ArtifactStore } from '@curfew/artifacts';
import type { Registry } from '@curfew/clients';
import { type AdminScope, isAdminScope } from '@curfew/config/admin-scopes';
import { type Actor, type Instant, instant } from '@curfew/session-policy';
import { type SessionQueries, type SessionService } from '@curfew/sessions';
import type { SignalsReader } from '@curfew/signals';
import { type AccessTokenClaims, type AccessTokenCodec, hashAccessToken, isUuid } from '@curfew/tokens';
import type { Caller } from './caller.js';
import {
  invalidProof,
  invalidToken,
  malformedCredentials,
  nothingSent,
  type TokenFault,
} from './challenge.js';
import { checkProof } from './dpop-proof.js';

/** The dependencies of authentication. */
export interface AuthenticationParts {
  /** The audience tokens must be made for, and the base of the URLs proofs are made for. */
  readonly adminUrl: string;
  readonly accessTokens: AccessTokenCodec;
  readonly sessions: SessionService;
  readonly queries: SessionQueries;
  readonly registry: Registry;
  readonly operators: OperatorStore;
  readonly artifacts: ArtifactStore;
  readonly signals: SignalsReader;
  /** Header in which a trusted proxy gives the client's certificate (RFC 8705), if there is such a proxy. */
  readonly certificateHeader: string | undefined;
}

interface Credentials {
  readonly scheme: 'Bearer' | 'DPoP';
  readonly token: string;
}

/** Access tokens are those of this very server, so they are opened here, in process, and asked of the same rows. */
export class Authentication {
  constructor(private readonly parts: AuthenticationParts) {}

  /** The caller behind a request and the scheme used; throws the challenge that RFC 6750 or RFC 9449 asks for. */
  async callerOf(
    request: IncomingMessage,
    now: Instant,
  ): Promise<{ readonly caller: Caller; readonly scheme: Credentials['scheme'] }> {
    const { credentials, claims, standing } = await this.live(request, now);
    await this.checkBinding(request, credentials, claims, now);
    const ip = this.parts.signals.address({
      socketAddress: request.socket.remoteAddress,
      headers: request.headers,
    });
    return { caller: { ...standing, actor: actorOf(standing, ip) }, scheme: credentials.scheme };
  }

  /** Throws the challenge unless the token a request came with is live; for what precedes its admission, so its binding is not looked at. */
  async requireLive(request: IncomingMessage, now: Instant): Promise<void> {
    await this.live(request, now);
  }

  /** Whether the token a request came with is still good; for answers that last longer than a moment. */
  async stillStands(request: IncomingMessage, now: Instant): Promise<boolean> {
    const credentials = credentialsOf(request);
    const standing = await this.standing(this.open(credentials, now), credentials.token, now);
    return typeof standing !== 'string';
  }

  private async live(request: IncomingMessage, now: Instant) {
    const credentials = credentialsOf(request);
    const claims = this.open(credentials, now);
    const standing = await this.standing(claims, credentials.token, now);
    if (typeof standing === 'string') throw invalidToken(credentials.scheme, standing);
    return { credentials, claims, standing };
  }

  private open({ scheme, token }: Credentials, now: Instant): AccessTokenClaims {
    const claims = this.parts.accessTokens.open(token);
    const audiences = [claims?.['aud'] ?? []].flat();
    const expiry = claims?.['exp'];
    if (!claims) throw invalidToken(scheme, 'token_unknown');
    if (!audiences.includes(this.parts.adminUrl)) throw invalidToken(scheme, 'token_of_another_audience');
    // Operators act themselves: nobody administers in the name of another (RFC 8693 §4.1).
    if (claims['act'] !== undefined) throw invalidToken(scheme, 'token_delegated');
    // RFC 7519 §4.1.4, without leeway: these are our own clocks.
    if (typeof expiry !== 'number' || expiry * 1000 <= now) throw invalidToken(scheme, 'token_expired');
    return claims;
  }

  /** The caller a token stands for, or the reason why it is no longer valid, by the same rules as introspection. */
  private async standing(
    claims: AccessTokenClaims,
    token: string,
    now: Instant,
  ): Promise<Omit<Caller, 'actor'> | TokenFault> {
    const clientId = String(claims['clientId']);
    const { queries, sessions, registry, operators } = this.parts;
    const client = await registry.client(clientId);
    if (!client || client.disabledAt !== null) return 'client_gone';
    const granted = this.grantedTo(claims, client.metadata);
    if (claims['kind'] === 'ClientCredentials') {
      const issuedAt = instant(Number(claims['issuedAtMs']));
      if (!(await queries.clientStands(clientId, issuedAt, hashAccessToken(token)))) return 'token_revoked';
      return { kind: 'client', clientId, accountId: null, sessionId: null, scopes: granted };
    }
    const sessionId = claims['grantId'];
    if (claims['kind'] !== 'AccessToken' || typeof sessionId !== 'string' || !isUuid(sessionId))
      return 'token_unknown';
    const access = await sessions.access(sessionId, hashAccessToken(token), now);
    if (access?.decision.kind !== 'active') return 'session_over';
    await sessions.used(access, now);
    const { accountId } = access.session;
    // A person has no more than they were made an operator for, whatever they let the client ask for.
    const own = await operators.scopesOf(accountId);
    const scopes = new Set([...granted].filter((scope) => own.has(scope)));
    return { kind: 'person', clientId, accountId, sessionId, scopes };
  }

  /** The token's scopes, as far as its client is still registered for this API and for them. */
  private grantedTo(
    claims: AccessTokenClaims,
    metadata: { readonly scope?: string; readonly resources: readonly string[] },
  ): ReadonlySet<AdminScope> {
    if (!metadata.resources.includes(this.parts.adminUrl)) return new Set();
    const registered = metadata.scope?.split(' ');
    const granted = String(claims['scope'] ?? '')
      .split(' ')
      .filter(isAdminScope);
    return new Set(granted.filter((scope) => registered === undefined || registered.includes(scope)));
  }

  /** A token bound to a key is worth nothing without it (RFC 9449 §7, RFC 8705 §3). */
  private async checkBinding(
    request: IncomingMessage,
    { scheme, token }: Credentials,
    claims: AccessTokenClaims,
    now: Instant,
  ): Promise<void> {
    const { jkt, 'x5t#S256': certificate } = claims;
    if (certificate !== undefined && certificate !== this.certificateThumbprint(request))
      throw invalidToken(scheme, 'certificate_mismatch');
    // RFC 9449 §7.1: a bound token must not be usable as a bearer token, nor the other way round.
    if ((jkt !== undefined) !== (scheme === 'DPoP')) throw invalidToken(scheme, 'scheme_mismatch');
    if (jkt === undefined) return;
    const proofs = headerValues(request, 'dpop');
    const path = (request.url ?? '/').split('?')[0]!;
    const proven = {
      method: request.method ?? 'GET',
      url: new URL(path, this.parts.adminUrl).href,
      accessToken: token,
    };
    const proof = proofs.length === 1 ? checkProof(proofs[0]!, proven, now) : undefined;
    if (!proof) throw invalidProof(proofs.length === 0 ? 'proof_missing' : 'proof_invalid');
    if (proof.thumbprint !== jkt) throw invalidProof('proof_of_another_key');
    const key = { kind: 'ReplayDetection', id: JSON.stringify(['admin', proof.thumbprint, proof.jti]) };
    const fresh = await this.parts.artifacts.insertOnce(key, now, instant((proof.usableUntil + 1) * 1000));
    if (!fresh) throw invalidProof('proof_used');
  }

  private certificateThumbprint(request: IncomingMessage): string | undefined {
    const name = this.parts.certificateHeader?.toLowerCase();
    const value = name === undefined ? undefined : request.headers[name];
    if (typeof value !== 'string') return undefined;
    try {
      const { fingerprint256 } = new X509Certificate(decodeURIComponent(value));
      return Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
    } catch {
      return undefined;
    }
  }
}

const actorOf = (caller: Omit<Caller, 'actor'>, ip: string | null): Actor => ({
  kind: 'administrator',
  id: caller.accountId ?? caller.clientId,
  ip,
});

/** Every value of a header, as sent; `headers` would join or drop repeated ones. */
function headerValues(request: IncomingMessage, name: string): string[] {
  return request.headersDistinct[name] ?? [];
}

/** RFC 6750 §2.1 only: a token in a body or a query ends up in logs. */
function credentialsOf(request: IncomingMessage): Credentials {
  const values = headerValues(request, 'authorization');
  if (values.length === 0) throw nothingSent();
  const match = /^(bearer|dpop) +([A-Za-z0-9._~+/-]+=*)$/i.exec(values[0]!);
  if (values.length > 1) throw malformedCredentials();
  if (!match) throw /^(bearer|dpop)\b/i.test(values[0]!) ? malformedCredentials() : nothingSent();
  return { scheme: match[1]!.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token: match[2]! };
}
