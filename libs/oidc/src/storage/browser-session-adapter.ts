import type { BrowserSessionPayload, FoundBrowserSession, KeptSignIn } from '@curfew/artifacts';
import { earliest, type Instant, latest, plus, type SessionPolicy, seconds } from '@curfew/session-policy';
import { contextOf } from '@curfew/session-policy/authentication';
import { signedInBrowser } from '@curfew/session-policy/browser-sign-in';
import { deadlines, decideAccess } from '@curfew/session-policy/standing';
import { accountEvent } from '@curfew/sessions';
import { Provider } from 'oidc-provider';
import { currentScope } from '../request-scope.js';
import { type AdapterParts, PartialAdapter } from './partial-adapter.js';
import { boundOf, goingOn, proofOf } from './upstream-bound.js';

/** oidc-provider's cookie session. Its end at logout ends the sessions that were started from it and are not offline. */
export class BrowserSessionAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async find(id: string): Promise<Record<string, unknown> | undefined> {
    const scope = currentScope();
    const { now, staged } = scope;
    scope.browserId ??= id;
    const known = staged.foundBrowserSessionById(id);
    return noted(known ?? (await this.standing(await this.parts.browserSessions.find(id, now))));
  }

  override async findByUid(uid: string): Promise<Record<string, unknown> | undefined> {
    const { now, staged } = currentScope();
    const known = staged.foundBrowserSession(uid);
    return noted(known ?? (await this.standing(await this.parts.browserSessions.findByUid(uid, now))));
  }

  override async upsert(id?: string, payload?: Record<string, unknown>, expiresIn?: number): Promise<void> {
    if (!id || !payload || !expiresIn) return;
    const { now, signals, staged, language } = currentScope();
    const oidc = Provider.ctx?.oidc;
    // A browser session that outlives the sign-out page: the person signed out of the client that asked, and of nothing else.
    if (oidc?.route === 'end_session_confirm' && oidc.entities.Client) {
      await this.endStartedFrom(oidc.session!.uid, oidc.entities.Client.clientId);
    }
    const { uid = '', accountId, loginTs, amr = [] } = payload as BrowserSessionPayload;
    if (accountId !== undefined) currentScope().signedInWith = uid;
    const found = staged.foundBrowserSession(uid);
    const previous = keptSignIn(payload);
    const isNew = accountId !== undefined && previous === null;
    const policy = accountId === undefined ? undefined : await this.policy();
    const notAfter = boundOf(uid, { accountId, loginTs });
    const proof = accountId === undefined ? undefined : proofOf(accountId);
    const signIn = isNew
      ? begun(policy!, proof?.at ?? now, now, notAfter)
      : bounded(previous, policy, notAfter);
    const shown = language === undefined ? {} : { language };
    const told = { acr: contextOf(amr) ?? null, amr, signals, browserSessionUid: uid, ...shown };
    staged.browserSession = {
      id,
      payload: notAfter === null ? payload : { ...payload, notAfterMs: notAfter },
      signIn,
      upstream: proof?.upstream,
      baseline: isNew ? signals : null,
      expiresAt: signIn && policy ? lookedAtNext(signIn, policy) : plus(now, seconds(expiresIn)),
      existed: found !== undefined,
      // The sign-in is told of in the same commit.
      events:
        accountId !== undefined && (isNew || hasGrown(found?.payload.amr, amr))
          ? [accountEvent(accountId, 'signin.succeeded', told, now)]
          : [],
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
    // A session that a code starts meanwhile is ended with the others, or finds its browser signed out (token-endpoint/grants/session-start.ts).
    const along = { browserSessionUids: [signedOut], keepOffline: true };
    await this.parts.sessions.end([], 'logout', { signals }, now, along);
    staged.forgetBrowserSession(signedOut);
  }

  /** The browser session, unless a limit of its own has passed: then it ends here and now, and is not found. */
  private async standing(found: FoundBrowserSession | undefined): Promise<FoundBrowserSession | undefined> {
    if (!found?.signIn) return found;
    const { now } = currentScope();
    const decision = decideAccess(found.signIn, await this.policy(), now);
    if (decision.kind === 'active') return found;
    const end = { uid: String(found.payload.uid), at: now, reason: decision.reason };
    await this.parts.browserSessionEnds.end([end]);
    return undefined;
  }

  /** The policy of everyone, which a browser's own sign-in is under; remembered for what the library asks without waiting. */
  private async policy(): Promise<SessionPolicy> {
    const scope = currentScope();
    scope.everyones ??= await this.parts.sessions.everyonesPolicy();
    return scope.everyones;
  }

  private async endStartedFrom(browserSessionUid: string, clientId: string): Promise<void> {
    const { now, signals } = currentScope();
    const started = await this.parts.queries.liveOfBrowser(browserSessionUid, clientId);
    // The commit of this browser session waits for the end that came first, where nothing is left to end.
    if (started.length > 0) await this.parts.sessions.end(started, 'logout', { signals }, now);
  }
}

/** Whether a sign-in that goes on was proved further. */
const hasGrown = (before: readonly string[] | undefined, amr: readonly string[]): boolean =>
  amr.some((method) => !before?.includes(method));

/** A sign-in that begins. Its age counts from the proof, which may be an old one from elsewhere, and its activity from now. */
const begun = (
  policy: SessionPolicy,
  provedAt: Instant,
  now: Instant,
  notAfter: Instant | null,
): KeptSignIn => ({
  ...signedInBrowser(policy, provedAt, notAfter),
  lastActiveAt: now,
});

/** The sign-in that goes on, or null where a new one begins. An act of the person moves its activity. */
function keptSignIn(payload: BrowserSessionPayload): KeptSignIn | null {
  const { signIn } = goingOn(payload.uid, payload) ?? {};
  if (!signIn) return null;
  const { isAct, now } = currentScope();
  return isAct ? { ...signIn, lastActiveAt: latest(signIn.lastActiveAt, now) } : signIn;
}

/** The limits as they are written: those of the sign-in, or of a policy that has become shorter since. */
function bounded(
  signIn: KeptSignIn | null,
  policy: SessionPolicy | undefined,
  notAfter: Instant | null,
): KeptSignIn | null {
  if (!signIn || !policy) return null;
  const { inactivityTimeout, absoluteDeadline } = signedInBrowser(policy, signIn.signedInAt, notAfter);
  const absolute = earliest(signIn.absoluteDeadline, absoluteDeadline);
  return {
    ...signIn,
    inactivityTimeout: seconds(Math.min(signIn.inactivityTimeout, inactivityTimeout)),
    absoluteDeadline: absolute,
    expiresAt: absolute,
  };
}

/** When the sweeper has to look at a browser session: at its deadline, as far as its own row tells. */
const lookedAtNext = (signIn: KeptSignIn, policy: SessionPolicy): Instant =>
  deadlines({ ...signIn, authenticatedAt: null, ended: null }, policy).expiresAt;

/** A request that began with a browser session must not bring it back when it has been ended meanwhile. */
function noted(found: FoundBrowserSession | undefined): Record<string, unknown> | undefined {
  if (found) currentScope().staged.noteBrowserSession(found);
  // The library changes what it is given.
  return found && structuredClone(found.payload);
}
