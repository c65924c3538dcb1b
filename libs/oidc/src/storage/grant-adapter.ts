import type { KnownClient } from '@curfew/clients';
import { plus, seconds } from '@curfew/session-policy';
import type { StoredSession } from '@curfew/sessions';
import { type Authorization, epochSeconds, grantedOpenid } from '@curfew/token-endpoint';
import { currentScope } from '../request-scope.js';
import { type AdapterParts, PartialAdapter } from './partial-adapter.js';

/** A grant is an artifact until its code is redeemed; from then on it is part of the session's row, which was read already. */
export class GrantAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async find(id: string): Promise<Record<string, unknown> | undefined> {
    const { access, staged } = currentScope();
    const session = access?.session;
    if (session?.id === id) return grantPayload(session, await this.parts.clients.find(session.clientId));
    const found = await this.parts.artifacts.find({ kind: 'Grant', id }, staged);
    return found && (JSON.parse(found.text) as Record<string, unknown>);
  }

  override async upsert(id?: string, payload?: Record<string, unknown>, expiresIn?: number): Promise<void> {
    if (!id || !payload || !expiresIn) return;
    const { now, staged } = currentScope();
    staged.save({ kind: 'Grant', id }, payload, plus(now, seconds(expiresIn)));
  }

  override async destroy(id: string): Promise<void> {
    currentScope().staged.remove({ kind: 'Grant', id });
  }
}

/** The grant of a session as oidc-provider's model would have been stored; it lives exactly as long as the session may. */
function grantPayload(session: StoredSession, client: KnownClient | undefined): Record<string, unknown> {
  const { grant } = session.authorization as unknown as Authorization;
  const openid = grant.openid && { ...grant.openid, scope: grantedOpenid(grant, client).join(' ') };
  return {
    kind: 'Grant',
    ...grant,
    ...(openid ? { openid } : {}),
    jti: session.id,
    accountId: session.accountId,
    clientId: session.clientId,
    iat: epochSeconds(session.signedInAt),
    // The session's own deadlines are compared elsewhere; the library must not end a refresh before the domain does.
    exp: epochSeconds(session.absoluteDeadline) + 400 * 86_400,
  };
}
