import { setTimeout as delay } from 'node:timers/promises';
import { type Account, AccountService, ConsentService } from '@curfew/accounts';
import { Registry } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import {
  changePassword,
  endSessions,
  OperationParts,
  passwordEndsSessions,
  personWithProof,
  withdrawConsent,
} from '@curfew/operations';
import type { Instant } from '@curfew/session-policy';
import {
  BrowserSessionQueries,
  type BrowserSessionSummary,
  SessionQueries,
  type SessionSummary,
} from '@curfew/sessions';
import { Injectable } from '@nestjs/common';

/** One live session of the signed-in person, with the name of its application. */
export interface OwnSession extends SessionSummary {
  readonly clientName: string;
}

/** One place in which the person is signed in: a browser with what it signed in, or a session that stands alone. */
export interface OwnSignIn {
  /** The uid of its browser session, or the id of the session where it is a device without one. */
  readonly id: string;
  /** null where the browser is signed out already and offline sessions remain, and for a device. */
  readonly browser: BrowserSessionSummary | null;
  readonly sessions: readonly OwnSession[];
}

/** One application with remembered consent. */
export interface OwnApplication {
  readonly clientId: string;
  readonly clientName: string;
  readonly grantedAt: Instant;
  readonly scopes: readonly string[];
  readonly resources: readonly { readonly name: string; readonly scopes: readonly string[] }[];
}

/** A person's own sign-ins, sessions and consents; those of others are reported as absent. */
@Injectable()
export class OwnAccount {
  constructor(
    private readonly parts: OperationParts,
    private readonly clock: Clock,
    private readonly accounts: AccountService,
    private readonly consents: ConsentService,
    private readonly registry: Registry,
    private readonly queries: SessionQueries,
    private readonly browsers: BrowserSessionQueries,
  ) {}

  /** Live sessions, newest first. */
  async sessions(accountId: string): Promise<readonly OwnSession[]> {
    const sessions = await this.queries.liveOfAccount(accountId, this.clock.now());
    const names = await this.namesOf(sessions.map(({ clientId }) => clientId));
    return sessions.map((session) => ({ ...session, clientName: names.get(session.clientId)! }));
  }

  /** How many sessions are live. */
  async sessionCount(accountId: string): Promise<number> {
    return (await this.queries.liveOfAccount(accountId, this.clock.now())).length;
  }

  /** The person's sign-ins, the latest first: each browser with its sessions, and each device. */
  async signIns(accountId: string): Promise<readonly OwnSignIn[]> {
    const now = this.clock.now();
    const [browsers, sessions] = await Promise.all([
      this.browsers.liveOfAccount(accountId, now),
      this.sessions(accountId),
    ]);
    const known = new Map(browsers.map((browser) => [browser.uid, browser]));
    const ids = new Set([...known.keys(), ...sessions.map(signInIdOf)]);
    return [...ids]
      .map((id) => ({
        id,
        browser: known.get(id) ?? null,
        sessions: sessions.filter((session) => signInIdOf(session) === id),
      }))
      .sort((a, b) => latestOf(b) - latestOf(a));
  }

  /**
   * Ends one of them: the browser is signed out with everything it signed in, offline sessions too unless they are kept. False when it is
   * not theirs or does not live.
   */
  async end(accountId: string, id: string, options: { keepOffline: boolean }): Promise<boolean> {
    const signIn = (await this.signIns(accountId)).find((one) => one.id === id);
    if (signIn) return this.endSignIn(accountId, signIn, options);
    await this.parts.sessions.endedBefore();
    return false;
  }

  /** Ends everything but what one browser signed in, and that browser. */
  async endOthers(accountId: string, browserSessionUid: string): Promise<void> {
    let others = await this.others(accountId, browserSessionUid);
    if (others.length === 0) return this.parts.sessions.endedBefore();
    // A list is bounded, so it is read again until nothing is left to end.
    for (let anyEnded = true; anyEnded; others = await this.others(accountId, browserSessionUid)) {
      anyEnded = false;
      for (const one of others)
        if (await this.endSignIn(accountId, one, { keepOffline: false })) anyEnded = true;
    }
  }

  private async others(accountId: string, browserSessionUid: string): Promise<readonly OwnSignIn[]> {
    return (await this.signIns(accountId)).filter(({ id }) => id !== browserSessionUid);
  }

  private async endSignIn(
    accountId: string,
    { browser, sessions }: OwnSignIn,
    { keepOffline }: { keepOffline: boolean },
  ): Promise<boolean> {
    // A browser that is signed out already is named by what remains of it.
    const named = browser
      ? { browserSessionUids: [browser.uid], keepOffline }
      : { sessionIds: sessions.map(({ id }) => id), keepOffline };
    const ended = await endSessions(this.parts, named, 'ended_by_user', personAt(accountId));
    return ended.sessions.length + ended.browserSessions.length > 0;
  }

  /** Whether a change of the password ends everything that is signed in, whatever the person wishes. */
  passwordEndsSessions(accountId: string): Promise<boolean> {
    return passwordEndsSessions(this.parts, accountId);
  }

  /**
   * Changes the password. If the person wishes it (`endSessions`) or the policy demands it, everything authorized until now ends in the
   * same transaction, including this browser's sign-in. Returns whether it did. Nothing is changed where `version` names authenticators that
   * the account has no more. Throws AccountError or HashingOverloaded.
   */
  async changePassword(
    { id: accountId, username }: Account,
    wanted: string,
    { endSessions, version }: { readonly endSessions: boolean; readonly version?: string },
  ): Promise<boolean> {
    const password = await this.accounts.preparePassword(username, wanted);
    const change = { accountId, password, endSessions: endSessions || ('by_policy' as const) };
    const author =
      version === undefined ? personAt(accountId) : personWithProof(this.parts, accountId, version);
    const ends = await changePassword(this.parts, change, author);
    if (ends) await untilOver(ends.at, this.clock);
    return ends !== null;
  }

  /** Applications the person allowed something, latest first. */
  async applications(accountId: string): Promise<readonly OwnApplication[]> {
    const consents = await this.consents.ofAccount(accountId);
    const names = await this.namesOf(consents.map(({ clientId }) => clientId));
    const audiences = new Set(consents.flatMap((consent) => Object.keys(consent.resources)));
    const apis = new Map(
      await Promise.all(
        [...audiences].map(
          async (audience) => [audience, (await this.registry.resource(audience))?.name ?? audience] as const,
        ),
      ),
    );
    return consents.map(({ clientId, grantedAt, scopes, resources }) => ({
      clientId,
      clientName: names.get(clientId)!,
      grantedAt,
      scopes,
      resources: Object.entries(resources).map(([audience, allowed]) => ({
        name: apis.get(audience)!,
        scopes: allowed,
      })),
    }));
  }

  /** Takes back what a client was allowed, and ends its sessions with this account. */
  async withdrawConsent(accountId: string, clientId: string): Promise<void> {
    await withdrawConsent(this.parts, { accountId, clientId }, personAt(accountId));
  }

  private async namesOf(clientIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const entries = [...new Set(clientIds)].map(
      async (id) => [id, (await this.registry.client(id))?.name ?? id] as const,
    );
    return new Map(await Promise.all(entries));
  }
}

const signInIdOf = ({ browserSessionUid, id }: OwnSession): string => browserSessionUid ?? id;

const latestOf = ({ browser, sessions }: OwnSignIn): number =>
  Math.max(browser?.signedInAt ?? 0, ...sessions.map(({ signedInAt }) => signedInAt));

/** Sessions authorized at the very instant of an end have ended too, so a new sign-in has to wait until that instant is over. */
export async function untilOver(at: Instant, clock: Clock): Promise<void> {
  for (let turns = 0; clock.now() <= at && turns < 50; turns += 1) await delay(1);
}

/** The person themselves, as the author of what they do to their account. */
export const personAt = (accountId: string) => ({ by: { kind: 'user', id: accountId, ip: null } }) as const;
