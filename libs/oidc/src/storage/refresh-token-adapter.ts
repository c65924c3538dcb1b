import type { StoredSession } from '@curfew/sessions';
import { Provider } from 'oidc-provider';
import { takeOpened } from '../fast-lane/opened-token.js';
import { refuseThrottled } from '../hooks/caller-throttles.js';
import { currentScope } from '../request-scope.js';
import { epochSeconds, sessionPayload } from '../session-payload.js';
import { type AdapterParts, PartialAdapter } from './partial-adapter.js';

/**
 * Refresh tokens are not stored: the session's row is. At the token endpoint every genuine token is reported as live, so
 * that each presentation, first or replayed, in time or late, reaches the one hook where the domain decides.
 */
export class RefreshTokenAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async find(value: string): Promise<Record<string, unknown> | undefined> {
    const scope = currentScope();
    refuseThrottled(this.parts, value);
    const read = Provider.ctx && takeOpened(Provider.ctx.req, value);
    const opened = read ?? (await this.parts.sessions.openRefreshToken(value));
    if (!opened) return undefined;
    scope.recognised = true;
    const route = Provider.ctx?.oidc.route;
    if (route === 'introspection') {
      if (opened.matches !== 'current') return undefined;
      const access = await this.parts.sessions.access(opened.session.id, noAccessToken, scope.now);
      if (access?.decision.kind !== 'active') return undefined;
      scope.access = access;
    }
    scope.opened = opened;
    const client = await this.parts.clients.find(opened.session.clientId);
    return {
      ...sessionPayload(opened.session, 'RefreshToken', client),
      ...clock(opened.session),
      jti: value,
    };
  }
}

const noAccessToken = new Uint8Array();

/** Expiry is the domain's to find; the library only must not find it first. */
const clock = (session: StoredSession) => ({
  iat: epochSeconds(session.rotatedAt ?? session.startedAt),
  exp: epochSeconds(session.absoluteDeadline) + farFuture,
});

const farFuture = 400 * 86_400;
