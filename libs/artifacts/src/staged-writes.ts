import type { Account, PreparedConsent, Settlement } from '@curfew/accounts';
import type { PasskeyUse } from '@curfew/accounts/factors';
import type { NewEvent } from '@curfew/events';
import type { Instant, RequestSignals } from '@curfew/session-policy';
import type { BrowserSession } from '@curfew/session-policy/browser-sign-in';

/** Names one artifact without giving it away. */
export interface ArtifactKey {
  readonly kind: string;
  readonly id: string;
}

/** An artifact as found: its payload as JSON, whether it was used, and when it expires. */
export interface FoundArtifact {
  readonly text: string;
  readonly consumed: boolean;
  readonly expiresAt: Instant;
}

/** The part of a browser session that the database needs to see. */
export interface BrowserSessionPayload extends Record<string, unknown> {
  readonly uid?: string;
  /** The id in its cookie. */
  readonly jti?: string;
  readonly accountId?: string;
  readonly loginTs?: number;
  readonly amr?: readonly string[];
  /** The instant at which the sign-in ends at the latest, where another identity provider has bounded it. */
  readonly notAfterMs?: Instant;
}

/** A browser session as found, its person's sign-in where somebody is signed in, and their account as it is now. */
export interface FoundBrowserSession {
  readonly payload: BrowserSessionPayload;
  readonly signIn: BrowserSession | null;
  readonly account: Account | null;
}

/**
 * The facts of a sign-in that a row keeps: when the person proved who they are, when they were last active, and the limits from then on.
 */
export type KeptSignIn = Pick<
  BrowserSession,
  'signedInAt' | 'lastActiveAt' | 'inactivityTimeout' | 'absoluteDeadline' | 'expiresAt'
>;

/** An artifact on its way into the database, as it was when the library saved it. */
export interface StagedArtifact {
  readonly key: ArtifactKey;
  readonly text: string;
  readonly grantId: string | null;
  readonly userCode: string | null;
  readonly expiresAt: Instant;
}

/** A browser session on its way into the database, with what is told of it in the same commit. */
export interface StagedBrowserSession {
  readonly id: string;
  readonly payload: BrowserSessionPayload;
  readonly signIn: KeptSignIn | null;
  /** The circumstances of a new sign-in. */
  readonly baseline: RequestSignals | null;
  readonly expiresAt: Instant;
  /** Whether it was there when the request began: then it must not be brought back when it was ended meanwhile. */
  readonly existed: boolean;
  readonly events: readonly NewEvent[];
  /** The session at another identity provider that it came of, where this request has shown one. */
  readonly upstream?: UpstreamOrigin | undefined;
}

/** The session at another identity provider that a sign-in here came of. */
export interface UpstreamOrigin {
  /** A hash by which what came of it is found when it is over there. */
  readonly key: string;
  /** One by which it is found when everything of its person is over there. */
  readonly person: string;
  /** When this service was told of it. */
  readonly toldAt: Instant;
  /** Whether that names one session there; else it is all that the provider tells of the person. */
  readonly isOneSession: boolean;
  /** When it is over there at the latest, where the provider says so. */
  readonly endsAt: Instant | null;
}

/** A person who has proved who they are, and when. */
export interface ProvedPresence {
  readonly accountId: string;
  readonly at: Instant;
  readonly upstream?: UpstreamOrigin | undefined;
}

/** A device that a person has approved in a browser. */
export interface ApprovedDevice {
  /** The session that its code becomes. */
  readonly sessionId: string;
  readonly accountId: string;
  readonly browserSessionUid: string;
  readonly at: Instant;
}

const nameOf = ({ kind, id }: ArtifactKey): string => `${kind} ${id}`;

/** The grant an artifact goes with; an interaction in which consent was given names it in its result. */
function grantOf(payload: Record<string, unknown>): string | null {
  const result = payload['result'] as { consent?: { grantId?: unknown } } | undefined;
  const grantId = result?.consent?.grantId ?? payload['grantId'];
  return typeof grantId === 'string' ? grantId : null;
}

/**
 * The artifacts of the protocol that one request has read, and those that it is about to write. The library reads and saves the same ones
 * again and again; here each is read once, and one statement writes the rest at the end, just before the answer leaves (ADR 0002).
 */
export class StagedWrites {
  readonly #found = new Map<string, FoundArtifact>();
  readonly #saved = new Map<string, StagedArtifact>();
  readonly #removed = new Map<string, ArtifactKey>();
  readonly #browserSessions = new Map<string, FoundBrowserSession>();
  #proof: ProvedPresence | undefined;
  #proved: Account | undefined;
  browserSession: StagedBrowserSession | undefined;
  consent: PreparedConsent | undefined;
  /** The device that the person of this request has approved. */
  approvedDevice: ApprovedDevice | undefined;
  /** The attempts that are settled by the password that was just right. */
  settlement: Settlement | undefined;
  /** The passkey that was just shown: nobody is signed in unless this is the first use of its challenge. */
  passkeyUse: PasskeyUse | undefined;

  /** The artifact as this request knows it: `undefined` if it has not asked, `null` if there is none any more. */
  known(key: ArtifactKey): FoundArtifact | null | undefined {
    const name = nameOf(key);
    if (this.#removed.has(name)) return null;
    const saved = this.#saved.get(name);
    if (!saved) return this.#found.get(name);
    return { text: saved.text, consumed: false, expiresAt: saved.expiresAt };
  }

  /** Remembers what was read. */
  note(key: ArtifactKey, found: FoundArtifact): void {
    this.#found.set(nameOf(key), found);
  }

  /** Forgets what was read, because the database has been told otherwise. */
  forget(key: ArtifactKey): void {
    this.#found.delete(nameOf(key));
  }

  save(key: ArtifactKey, payload: Record<string, unknown>, expiresAt: Instant): void {
    const userCode = typeof payload['userCode'] === 'string' ? payload['userCode'] : null;
    const text = JSON.stringify(payload);
    this.#removed.delete(nameOf(key));
    this.#saved.set(nameOf(key), { key, text, grantId: grantOf(payload), userCode, expiresAt });
  }

  remove(key: ArtifactKey): void {
    this.#saved.delete(nameOf(key));
    this.#removed.set(nameOf(key), key);
  }

  noteBrowserSession(found: FoundBrowserSession): void {
    if (found.payload.uid !== undefined) this.#browserSessions.set(found.payload.uid, found);
  }

  /** The account of the person whose proof this request has read it with. */
  noteAccount(account: Account): void {
    this.#proved = account;
  }

  /** An account, where this request has read it with a proof or a browser session. */
  account(id: string): Account | undefined {
    if (this.#proved?.id === id) return this.#proved;
    const found = [...this.#browserSessions.values()].map(({ account }) => account);
    return found.find((account) => account?.id === id) ?? undefined;
  }

  /** The interaction this request was made in carries this proof of who the person is: it must still count when something is written. */
  notePresence(proof: ProvedPresence): void {
    this.#proof = proof;
  }

  get proof(): ProvedPresence | undefined {
    return this.#proof;
  }

  /** Signed out by this request itself: nothing that it writes rests on that browser session any more. */
  forgetBrowserSession(uid: string): void {
    this.#browserSessions.delete(uid);
  }

  /** The browser sessions this request found somebody signed in with: none may have ended when something is written on that strength. */
  get relyingOn(): readonly string[] {
    const found = [...this.#browserSessions.values()].filter(({ signIn }) => signIn !== null);
    return found.map(({ payload }) => String(payload.uid));
  }

  /** The browser session of this uid, as it was when this request read it. */
  foundBrowserSession(uid: string | undefined): FoundBrowserSession | undefined {
    return uid === undefined ? undefined : this.#browserSessions.get(uid);
  }

  /** The browser session whose cookie holds this id, as it was when this request read it. */
  foundBrowserSessionById(id: string): FoundBrowserSession | undefined {
    return [...this.#browserSessions.values()].find(({ payload }) => payload.jti === id);
  }

  /** The interaction this request was made in and has ended: it must still be there. */
  get endedInteraction(): ArtifactKey | undefined {
    return [...this.#removed.values()].find((key) => this.#isReadInteraction(key));
  }

  /** The interaction this request was made in and has answered: it must still be there. */
  get answeredInteraction(): StagedArtifact | undefined {
    return [...this.#saved.values()].find(({ key }) => this.#isReadInteraction(key));
  }

  /** Everything else that is to be written. */
  get saved(): readonly StagedArtifact[] {
    return [...this.#saved.values()].filter(({ key }) => !this.#isReadInteraction(key));
  }

  /** Everything else that is to go. */
  get removed(): readonly ArtifactKey[] {
    return [...this.#removed.values()].filter((key) => !this.#isReadInteraction(key));
  }

  get isEmpty(): boolean {
    const { browserSession, consent, settlement, passkeyUse } = this;
    const isNothingStaged = this.#saved.size + this.#removed.size === 0;
    return isNothingStaged && !browserSession && !consent && !settlement && !passkeyUse;
  }

  /** Drops what was to be written, because it has been, or because nothing of this request shall be. */
  clear(): void {
    this.#saved.clear();
    this.#removed.clear();
    this.browserSession = undefined;
    this.consent = undefined;
    this.approvedDevice = undefined;
    this.settlement = undefined;
    this.passkeyUse = undefined;
  }

  #isReadInteraction(key: ArtifactKey): boolean {
    return key.kind === 'Interaction' && this.#found.has(nameOf(key));
  }
}

/** A grant that is made together with its code stands inside of it and has no row: only who redeems the code asks for it (ADR 125). */
export function grantsInCodes(saved: readonly StagedArtifact[]): readonly StagedArtifact[] {
  const grants = new Map(saved.filter(({ key }) => key.kind === 'Grant').map((one) => [one.key.id, one]));
  const inside = new Set<StagedArtifact>();
  const codes = saved.map((one) => {
    const grant = one.key.kind === 'AuthorizationCode' ? grants.get(one.grantId ?? '') : undefined;
    if (!grant) return one;
    inside.add(grant);
    return { ...one, text: `${one.text.slice(0, -1)},"grant":${grant.text}}` };
  });
  return inside.size === 0 ? saved : codes.filter((one) => !inside.has(one));
}
