import type { FoundArtifact, UpstreamOrigin } from '@curfew/artifacts';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import { lifetimes, originOf } from '@curfew/token-endpoint';
import { errors, Provider } from 'oidc-provider';
import { enrolmentPrompt } from '../hooks/enrolment.js';
import { currentScope } from '../request-scope.js';
import { BrowserSessionAdapter } from './browser-session-adapter.js';
import { type AdapterParts, PartialAdapter } from './partial-adapter.js';
import { boundOf } from './upstream-bound.js';

/** Things that live for minutes and are used once. */
export class ArtifactAdapter extends PartialAdapter {
  constructor(
    protected readonly kind: string,
    protected readonly parts: AdapterParts,
  ) {
    super();
  }

  override async upsert(id?: string, payload?: Record<string, unknown>, expiresIn?: number): Promise<void> {
    const { now, staged } = currentScope();
    if (!id || !payload || !expiresIn) return;
    // `iat` counts in seconds; an end in the same second must still be told apart from this.
    const stamped = { madeAtMs: now, ...payload };
    staged.save({ kind: this.kind, id }, stamped, plus(now, seconds(expiresIn)));
  }

  override async find(id: string): Promise<Record<string, unknown> | undefined> {
    return present(await this.parts.artifacts.find({ kind: this.kind, id }, currentScope().staged));
  }

  override async findByUserCode(userCode: string): Promise<Record<string, unknown> | undefined> {
    const { staged } = currentScope();
    return present(await this.parts.artifacts.findByUserCode(this.kind, userCode, staged));
  }

  /** Exactly one of any number of concurrent users wins (RFC 9126 §7.3). */
  override async consume(id: string): Promise<void> {
    const { now, staged } = currentScope();
    staged.forget({ kind: this.kind, id });
    const won = await this.parts.artifacts.consume({ kind: this.kind, id }, now);
    if (!won) throw new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used');
  }

  override async destroy(id: string): Promise<void> {
    currentScope().staged.remove({ kind: this.kind, id });
  }

  override async revokeByGrantId(grantId: string): Promise<void> {
    await this.parts.artifacts.removeByGrant(this.kind, grantId);
  }
}

/**
 * Pushed requests. How long one may begin an authorization, its own `exp` says; it is used up by the authorization's end, which comes
 * after a person has signed in and consented, so it is kept for as long as that may take.
 */
export class PushedRequestAdapter extends ArtifactAdapter {
  override async upsert(id?: string, payload?: Record<string, unknown>, expiresIn?: number): Promise<void> {
    await super.upsert(id, payload, expiresIn && expiresIn + 2 * lifetimes.interaction);
  }
}

/** The members of a stored interaction that say whose it is. */
interface StoredInteraction {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: {
    readonly login?: {
      readonly accountId: string;
      readonly atMs?: Instant;
      readonly upstream?: UpstreamOrigin;
      readonly language?: string;
    };
  };
}

/**
 * Interactions. A proof of who the person is, kept in one until its browser comes back, dies with whatever is ended meanwhile: nothing is
 * written on the strength of it then.
 */
export class InteractionAdapter extends ArtifactAdapter {
  override async find(id: string): Promise<Record<string, unknown> | undefined> {
    const scope = currentScope();
    const { staged } = scope;
    const { artifacts } = this.parts;
    const key = { kind: this.kind, id };
    // Outside of the library's own routes it is a page that asks, which decides nothing.
    const read = Provider.ctx ? artifacts.find(key, staged) : artifacts.findForPage(key, staged);
    const found = await this.ofWhoIsThere(present(await read));
    const { params, result } = (found ?? {}) as StoredInteraction;
    if (typeof params?.['client_id'] === 'string') scope.goesOnFor = params['client_id'];
    const login = result?.login;
    if (login?.atMs !== undefined) {
      const { accountId, atMs: at, upstream, language } = login;
      staged.notePresence({ accountId, at, upstream });
      // The sign-in of a device (RFC 8628) is saved by the request after that of its page.
      scope.language ??= language;
    }
    return found;
  }

  /**
   * A page that asks for a password leads on, even if the sign-in that its browser had when it was opened is over: a person who answers it
   * proves who they are, as in a browser in which nobody was signed in. A consent and the set-up of a second factor rest on that sign-in, and a proof that was given before
   * it ended is none after that; both are over with it.
   */
  private async ofWhoIsThere(
    found: Record<string, unknown> | undefined,
  ): Promise<Record<string, unknown> | undefined> {
    const { prompt, result, session } = (found ?? {}) as {
      prompt?: { name: string };
      result?: unknown;
      session?: { uid?: string };
    };
    if (session?.uid === undefined || restsOnSignIn(prompt?.name) || result !== undefined) return found;
    if (await new BrowserSessionAdapter(this.parts).findByUid(session.uid)) return found;
    return { ...found, session: undefined };
  }
}

const restsOnSignIn = (prompt: string | undefined): boolean =>
  prompt === 'consent' || prompt === enrolmentPrompt;

/** The part of a code that says in which sign-in it was made; a device code has none until it is approved. */
interface StoredCode {
  readonly sessionUid?: string;
  readonly accountId?: string;
  readonly authTime?: number;
  readonly grantId?: string;
}

/** Codes that become a session: our own token endpoint redeems them (token-endpoint/grants). */
export class CodeAdapter extends ArtifactAdapter {
  override async upsert(id?: string, payload?: Record<string, unknown>, expiresIn?: number): Promise<void> {
    // PostgreSQL stores no NUL in text, so there can be no session with this; it is refused while that can be said.
    if (holdsNul(payload)) throw new errors.InvalidRequest('parameters must not contain NUL');
    // A device code is asked for by the device itself; an authorization code is made in a browser and redeemed elsewhere.
    const origin = this.kind === 'AuthorizationCode' ? { origin: originOf(currentScope().signals) } : {};
    const { sessionUid, accountId, authTime: loginTs, grantId } = (payload ?? {}) as StoredCode;
    // The session of a code ends with the sign-in that it was made in, also where it is redeemed elsewhere.
    const notAfterMs = boundOf(sessionUid, { accountId, loginTs });
    const bound = notAfterMs === null ? {} : { notAfterMs };
    await super.upsert(id, payload && { ...origin, ...bound, ...payload }, expiresIn);
    if (this.kind !== 'DeviceCode' || sessionUid === undefined || grantId === undefined) return;
    if (accountId === undefined) throw new TypeError('a device that was approved by nobody');
    const { now, staged } = currentScope();
    staged.approvedDevice = { sessionId: grantId, accountId, browserSessionUid: sessionUid, at: now };
  }
}

const holdsNul = (value: unknown): boolean => {
  if (typeof value === 'string') return value.includes('\0');
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNul);
};

function present(found: FoundArtifact | undefined): Record<string, unknown> | undefined {
  if (!found) return undefined;
  const payload = JSON.parse(found.text);
  return found.consumed ? { ...payload, consumed: true } : payload;
}
