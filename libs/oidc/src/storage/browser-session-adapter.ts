import { absoluteDeadlineUnder, type Instant, plus, seconds } from '@curfew/session-policy';
import { accountEvent } from '@curfew/sessions';
import { Provider } from 'oidc-provider';
import { currentScope } from '../request-scope.js';

import { type AdapterParts, PartialAdapter } from './partial-adapter.js';
import type { BrowserSessionPayload, FoundBrowserSession, KeptSignIn } from './staged-writes.js';

/** oidc-provider's cookie session. Its end at logout ends the sessions that were started from it and are not offline. */
export class BrowserSessionAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async find(id: string): Promise<Record<string, unknown> | undefined> {
    const known = currentScope().staged.foundBrowserSessionById(id);
    return noted(known ?? (await this.parts.browserSessions.find(id, currentScope().now)));
  }

  override async findByUid(uid: string): Promise<Record<string, unknown> | undefined> {
    const known = currentScope().staged.foundBrowserSession(uid);
    return noted(known ?? (await this.parts.browserSessions.findByUid(uid, currentScope().now)));
  }

  override async upsert(id?: string, payload?: Record<string, unknown>, expiresIn?: number): Promise<void> {
    if (!id || !payload || !expiresIn) return;
    const { now, signals, staged } = currentScope();
    const oidc = Provider.ctx?.oidc;
    // A browser session that outlives the sign-out page: the person signed out of the client that asked, and of nothing else.
    if (oidc?.route === 'end_session_confirm' && oidc.entities.Client) {
      await this.endStartedFrom(oidc.session!.uid, oidc.entities.Client.clientId);
    }
    const { uid = '', accountId, loginTs, acr = null, amr = [] } = payload as BrowserSessionPayload;
    const found = staged.foundBrowserSession(uid);
    // `signedInAt` moves only when somebody signs in anew, so that a not-before entry can be compared with it.
    const isSame = found?.payload.accountId === accountId && found?.payload.loginTs === loginTs;
    const previous = found && isSame && accountId !== undefined ? found.signIn : null;
    const isNew = accountId !== undefined && previous === null;
    const told = { acr, amr, signals, browserSessionUid: uid };
    staged.browserSession = {
      id,
      payload,
      signIn: isNew ? await this.begun(now) : previous,
      baseline: isNew ? signals : null,
      expiresAt: plus(now, seconds(expiresIn)),
      existed: found !== undefined,
      // The sign-in is told of in the same commit.
      events: isNew ? [accountEvent(accountId, 'signin.succeeded', told, now)] : [],
    };
  }

  override async destroy(id: string): Promise<void> {
    const oidc = Provider.ctx?.oidc;
    // A new id for the same session (against fixation): the row follows by its uid when it is saved.
    if ((oidc?.session as { oldId?: string } | undefined)?.oldId === id || currentScope().renewedFrom === id)
      return;
    const { now, signals, staged } = currentScope();
    if (staged.browserSession?.id === id) staged.browserSession = undefined;
    const signedOut = oidc?.route === 'end_session_confirm' ? oidc.session!.uid : undefined;
    if (!signedOut) return this.parts.browserSessions.remove(id);
    // A session that a code starts meanwhile is ended with the others, or finds its browser signed out (commit-staged.ts).
    const along = { browserSessionUids: [signedOut], keepOffline: true };
    await this.parts.sessions.end([], 'logout', { signals }, now, along);
  }

  /** A sign-in that begins now, its limits fixed by the policy of everyone. */
  private async begun(now: Instant): Promise<KeptSignIn> {
    const policy = await this.parts.sessions.everyonesPolicy();
    const times = { signedInAt: now, authenticatedAt: null };
    const { inactivityTimeout } = policy;
    return {
      ...{ signedInAt: now, lastActiveAt: now, inactivityTimeout },
      absoluteDeadline: absoluteDeadlineUnder(policy, times),
    };
  }

  private async endStartedFrom(browserSessionUid: string, clientId: string): Promise<void> {
    const { now, signals } = currentScope();
    const started = await this.parts.queries.liveOfBrowser(browserSessionUid, clientId);
    await this.parts.sessions.end(started, 'logout', { signals }, now);
  }
}

/** A request that began with a browser session must not bring it back when it has been ended meanwhile. */
function noted(found: FoundBrowserSession | undefined): Record<string, unknown> | undefined {
  if (found) currentScope().staged.noteBrowserSession(found);
  // The library changes what it is given.
  return found && structuredClone(found.payload);
}
