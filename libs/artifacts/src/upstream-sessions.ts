import type { Transaction } from '@curfew/persistence';
import { earliest, type Instant, plus, seconds } from '@curfew/session-policy';
import type { BrowserSessionQueries } from '@curfew/sessions';
import { hashOfId } from '@curfew/tokens';
import type { ArtifactStore } from './artifact-store.js';
import { upstreamSessionKind } from './upstream-statements.js';

/** The end that another identity provider tells of: one session there, or all those of a person. */
export interface UpstreamEnd {
  readonly issuer: string;
  /** The session (`sid`); without it the person must be named, and all of theirs are over. */
  readonly sessionId: string | undefined;
  /** The person (`sub`), where they are named. */
  readonly subject: string | undefined;
  /** When the provider said so, where that is not now: nobody is held up who came from there later. */
  readonly toldAt?: Instant;
  /** The account that is meant, where it is known: nothing else ends. */
  readonly accountId?: string | null;
}

/**
 * How long the end of a session elsewhere is remembered: longer than anybody may be on the way from there to a session here, by a second
 * step, a new password and a consent.
 */
const remembered = seconds(7_200);

const hashed = (...names: readonly string[]): string =>
  Buffer.from(hashOfId(JSON.stringify(names))).toString('base64url');

/** The name of one session at a provider. */
export const sessionKey = (issuer: string, sid: string): string => hashed(issuer, 'sid', sid);

/** The name of what a provider tells of a person without saying which of their sessions it is. */
export const subjectKey = (issuer: string, subject: string): string => hashed(issuer, 'sub', subject);

/** The name of a person at a provider, whatever their session. */
export const personKey = (issuer: string, subject: string): string => hashed(issuer, 'person', subject);

/** The names of what is over, and the browsers that came of it. */
export interface UpstreamOver {
  readonly keys: readonly string[];
  readonly browserSessionUids: readonly string[];
  readonly accountId: string | null;
}

/**
 * Finds the browsers and the devices that came of sessions at other identity providers, when those are over, by whatever message that is told
 * (ADR 117).
 */
export class UpstreamSessions {
  constructor(
    private readonly artifacts: Pick<ArtifactStore, 'useUp' | 'noteUse' | 'takeDevices'>,
    private readonly browsers: Pick<BrowserSessionQueries, 'ofUpstream' | 'leftOfUpstream'>,
  ) {}

  /**
   * Notes that it is over, which stops whoever is on the way from there, and names the browsers that came of it. A browser of a provider whose
   * ID tokens name no session came of the person, so it is found by each end that names them.
   */
  async over(
    { issuer, sessionId, subject, toldAt, accountId = null }: UpstreamEnd,
    now: Instant,
    tx: Transaction,
  ): Promise<UpstreamOver> {
    const until = plus(now, remembered);
    // Before the browsers are looked for: somebody who is on the way from there is seen there, or finds this.
    if (subject !== undefined) {
      const unnamed = { kind: upstreamSessionKind, id: subjectKey(issuer, subject) };
      await this.artifacts.noteUse(unnamed, earliest(toldAt ?? now, now), until, tx);
    }
    const keys = await this.#keysOf({ issuer, sessionId, subject }, now, until, tx);
    return { keys, browserSessionUids: await this.browsers.ofUpstream(keys, tx, accountId), accountId };
  }

  /** Whether a browser of the account came of sessions there that have no name (`sid`), so that none can be told from another. */
  async areUnnamed(
    issuer: string,
    subjects: readonly string[],
    accountId: string,
    tx: Transaction,
  ): Promise<boolean> {
    const keys = subjects.map((subject) => subjectKey(issuer, subject));
    return keys.length > 0 && (await this.browsers.ofUpstream(keys, tx, accountId)).length > 0;
  }

  /** The sessions that do not end with such browsers, once those have ended: offline ones of earlier ends, and devices that were approved there. */
  async left({ keys, accountId }: UpstreamOver, tx: Transaction): Promise<readonly string[]> {
    const offline = await this.browsers.leftOfUpstream(keys, tx, accountId);
    return [...new Set([...offline, ...(await this.artifacts.takeDevices(keys, tx, accountId))])];
  }

  async #keysOf(
    { issuer, sessionId, subject }: UpstreamEnd,
    now: Instant,
    until: Instant,
    tx: Transaction,
  ): Promise<readonly string[]> {
    if (sessionId === undefined) return subject === undefined ? [] : [personKey(issuer, subject)];
    const one = sessionKey(issuer, sessionId);
    await this.artifacts.useUp({ kind: upstreamSessionKind, id: one }, now, until, tx);
    return subject === undefined ? [one] : [one, subjectKey(issuer, subject)];
  }
}
