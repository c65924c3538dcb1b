import { someSignals, t0 } from './builders.js';
import {
  assessRisk,
  deadlines,
  decideAccess,
  decideRefresh,
  endOf,
  type Instant,
  instant,
  type PresentedToken,
  type RefreshDecision,
  type Session,
  type SessionPolicy,
  secondsUntil,
  touched,
} from './domain.js';

/** A token that was handed out, with what the walk knows of it beside the row. */
export interface Issued {
  readonly generation: number;
  readonly secret: number;
  /** When it was first used, and what it was exchanged for. */
  firstUsedAt: Instant | null;
  successor: number | null;
  /** How often it was answered again. */
  answeredAgain: number;
}

/** Fails the walk, naming the promise that was broken. */
export const claim = (holds: boolean, promise: string): void => {
  if (!holds) throw new Error(`broken: ${promise}`);
};

/**
 * The memory of a walk beside the row, and the promises it checks against that memory: the row is under test, so it
 * is never asked whether it is right.
 */
export abstract class WalkRecord {
  protected now: Instant = t0;
  protected readonly issued: Issued[] = [];
  protected lastCounted: Instant = t0;
  /** The deadline that the last activity wrote, by the walk's own arithmetic. */
  protected writtenDeadline: Instant;
  /** Since the last rotation; endless where that came from elsewhere under a policy that serves siblings. */
  protected siblingsServed = 0;
  private shownBefore: Session;

  constructor(
    protected session: Session,
    protected policy: SessionPolicy,
    private readonly signedInUnder = policy,
  ) {
    this.shownBefore = session;
    this.writtenDeadline = this.deadlineSince(t0);
  }

  /** Activity was counted now: it alone moves the written deadline back. `written behind` never brings it forward. */
  protected counted(how: 'at once' | 'written behind'): void {
    if (this.now > this.lastCounted) {
      const next = this.deadlineSince(this.now);
      this.writtenDeadline = how === 'at once' ? next : instant(Math.max(this.writtenDeadline, next));
      this.lastCounted = this.now;
    } else this.notCounted();
  }

  /** The session was written without activity: a shorter policy shows, a longer one does not. */
  protected notCounted(): void {
    this.writtenDeadline = instant(Math.min(this.writtenDeadline, this.deadlineSince(this.lastCounted)));
  }

  /** The person signed in once more: a whole inactivity timeout of the sign-in, within the absolute deadline of the sign-in. */
  protected provedAgain(): void {
    const { inactivityTimeout, absoluteLifetime } = this.signedInUnder;
    const silence = Math.max(this.writtenDeadline, this.now + inactivityTimeout * 1000);
    this.writtenDeadline = instant(Math.min(silence, t0 + absoluteLifetime * 1000));
    this.lastCounted = this.now;
  }

  private deadlineSince(at: Instant): Instant {
    const [before, today] = [this.signedInUnder, this.policy];
    const silence = Math.min(before.inactivityTimeout, today.inactivityTimeout) * 1000;
    const lifetime = Math.min(before.absoluteLifetime, today.absoluteLifetime) * 1000;
    return instant(Math.min(at + silence, t0 + lifetime));
  }

  protected get head(): Issued {
    return this.issued.at(-1) as Issued;
  }

  protected present(token: Issued, changes: Partial<PresentedToken>): PresentedToken {
    const matches = token === this.head ? 'current' : token === this.issued.at(-2) ? 'previous' : 'none';
    return {
      generation: token.generation,
      matches,
      clientId: 'client',
      keyThumbprint: this.session.keyThumbprint,
      signals: someSignals,
      ...changes,
    };
  }

  protected decide(presented: PresentedToken): RefreshDecision {
    const risk = assessRisk(this.session.baseline, presented.signals, this.policy, this.session);
    return decideRefresh(this.session, presented, this.policy, risk, this.now);
  }

  /** Whether this use is beyond reproach by the walk's own record: then it must be answered. */
  protected isHonest(token: Issued, presented: PresentedToken): boolean {
    const { keyThumbprint } = this.session;
    const sameKey = keyThumbprint === null || presented.keyThumbprint === keyThumbprint;
    if (presented.clientId !== 'client' || !sameKey || !this.isCalm(presented)) return false;
    if (decideAccess(this.session, this.policy, this.now).kind !== 'active') return false;
    return token === this.head || this.isRetry(token) || this.isSibling(token, presented);
  }

  private isCalm({ signals }: PresentedToken): boolean {
    const { action } = assessRisk(this.session.baseline, signals, this.policy, this.session);
    return action === 'none' || action === 'observe';
  }

  private isRetry(token: Issued): boolean {
    const parallel = this.policy.retryLimit > 0 && this.now <= (token.firstUsedAt ?? 0) + 2_000;
    const inTime = this.now < (token.firstUsedAt ?? 0) + this.policy.retryWindow * 1000;
    return (
      token === this.issued.at(-2) && inTime && (token.answeredAgain < this.policy.retryLimit || parallel)
    );
  }

  /** Whether the token is one that another process of the client may still hold, by what the walk handed out and when. */
  private isSibling(token: Issued, { signals }: PresentedToken): boolean {
    const { siblings, siblingDistance, siblingWindow, siblingLimit } = this.policy;
    const distance = this.issued.indexOf(this.head) - this.issued.indexOf(token);
    const headIssuedAt = this.issued.at(-2)?.firstUsedAt ?? null;
    if (siblings === 'off' || headIssuedAt === null || distance < 1 || distance > siblingDistance)
      return false;
    const limit = siblingLimit ?? (this.session.keyThumbprint === null ? 1_000 : Number.POSITIVE_INFINITY);
    return (
      this.now < headIssuedAt + siblingWindow * 1000 &&
      this.siblingsServed < limit &&
      this.isLikeSignIn(signals)
    );
  }

  private isLikeSignIn(signals: PresentedToken['signals']): boolean {
    const { ip: _, asn: __, country: ___, ...shared } = signals;
    const { ip: ____, asn: _____, country: ______, ...expected } = this.session.baseline;
    return JSON.stringify(shared) === JSON.stringify(expected);
  }

  /** The live token was rotated: siblings are served again from now on, and none where this may have been a thief. */
  protected rotatedBy({ signals }: PresentedToken): void {
    const mayBeThief = this.policy.siblings === 'serve' && !this.isLikeSignIn(signals);
    this.siblingsServed = mayBeThief ? Number.POSITIVE_INFINITY : 0;
  }

  /** A sibling was served: it must have been one, and nothing new may come of it. */
  protected checkSibling(token: Issued, presented: PresentedToken): void {
    this.entitled(presented);
    claim(token !== this.head && this.isSibling(token, presented), 'only a sibling is served as one');
    claim(!this.isRetry(token), 'a retry gets its successor');
    this.siblingsServed += 1;
  }

  /** A token was answered with tokens: it must have been entitled to. */
  protected answered(token: Issued, presented: PresentedToken): void {
    this.entitled(presented);
    claim(
      token.generation >= this.session.generation - 1,
      'no old ancestor is answered with a refresh token',
    );
  }

  private entitled(presented: PresentedToken): void {
    claim(this.session.ended === null, 'what has ended answers no more');
    claim(presented.clientId === 'client', 'another client gets nothing');
    const { keyThumbprint } = this.session;
    claim(keyThumbprint === null || presented.keyThumbprint === keyThumbprint, 'another key gets nothing');
    const lifetimes = [this.signedInUnder.absoluteLifetime, this.policy.absoluteLifetime];
    claim(this.now < t0 + Math.min(...lifetimes) * 1000, 'the absolute end is not extended');
    const timeouts = [this.signedInUnder.inactivityTimeout, this.policy.inactivityTimeout];
    claim(this.now < this.lastCounted + Math.min(...timeouts) * 1000, 'silence ends');
    claim(
      this.now < this.writtenDeadline,
      'what passed a written deadline is not brought back by a longer policy',
    );
  }

  protected checkReplay(token: Issued, counts: boolean): void {
    claim(
      token.successor === this.head.secret,
      'a retry gets the same successor, and only while it is unused',
    );
    claim(token.firstUsedAt !== null, 'a retry follows a first use');
    const since = this.now - (token.firstUsedAt ?? 0);
    claim(since < this.policy.retryWindow * 1000, 'the window counts from the first use and does not slide');
    claim(counts || since <= 2_000, 'only parallel uses are not counted');
    if (counts) token.answeredAgain += 1;
    claim(token.answeredAgain <= this.policy.retryLimit, 'retries are counted');
  }

  /** A caller that may not change anything did not, and a reuse did end the session. */
  protected checkCaller(
    token: Issued,
    presented: PresentedToken,
    decision: RefreshDecision,
    before: Session,
  ): void {
    const { keyThumbprint } = this.session;
    const wrongKey = keyThumbprint !== null && presented.keyThumbprint !== keyThumbprint;
    const wrongClient = presented.clientId !== 'client';
    if (wrongClient || (wrongKey && presented.matches === 'current')) {
      claim(decision.kind === 'refuse' && this.session === before, 'a wrong caller changes nothing');
    } else if (decision.kind === 'sibling') {
      claim(this.session.ended === null && !wrongKey, 'a sibling ends nothing');
    } else if (before.ended === null && token.generation < before.generation - 1) {
      claim(this.session.ended !== null, 'an old ancestor ends the session');
    } else if (before.ended === null && wrongKey) {
      claim(this.session.ended !== null, 'a copied parent under another key ends the session');
    }
  }

  protected checkAlways(): void {
    const before = this.shownBefore;
    const { session } = this;
    claim(session.generation >= before.generation, 'generations only grow');
    claim(session.absoluteDeadline === before.absoluteDeadline, 'the absolute deadline is written once');
    claim(session.lastActiveAt >= before.lastActiveAt, 'activity is never moved back');
    claim(session.lastActiveAt === this.lastCounted, 'only counted activity moves the idle deadline');
    claim(before.ended === null || session.ended === before.ended, 'an end has one reason and stays');
    claim(session.expiresAt === this.writtenDeadline, 'only activity moves the written deadline back');
    const { expiresAt, idle, absolute } = deadlines(session, this.policy);
    claim(expiresAt === Math.min(idle, absolute), 'the deadline stored is the earlier one');
    claim(absolute <= t0 + this.signedInUnder.absoluteLifetime * 1000, 'no policy lengthens a session');
    if (session.ended === null) {
      const active = decideAccess(session, this.policy, this.now).kind === 'active';
      claim(active === this.now < expiresAt, 'a session stands exactly until its deadline');
      claim(
        active || this.now >= Math.min(this.deadlineSince(this.lastCounted), this.writtenDeadline),
        'nothing ends early',
      );
    }
    this.checkReaders();
    this.checkHeads(this.issued.slice(-2));
    this.shownBefore = session;
  }

  /** Every reader hears the same of whether the session stands: a refresh, an access token, a list of sessions, and use. */
  private checkReaders(): void {
    const { session, policy, now } = this;
    const active = decideAccess(session, policy, now).kind === 'active';
    const { kind } = this.decide(this.present(this.head, { signals: session.baseline }));
    claim(active === (kind === 'rotate' || kind === 'keep'), 'a refresh is refused exactly where access is');
    const end = endOf(session, policy, now);
    claim(active === (end === null), 'a list shows as live exactly what stands');
    claim(end === null || end.at <= now, 'an end that is shown has been');
    claim(active || touched(session, policy, now) === null, 'use revives nothing');
    const { idle, absolute } = deadlines(session, policy);
    const clocks = Math.min(secondsUntil(idle, now), secondsUntil(absolute, now));
    claim(session.ended !== null || active || clocks === 0, 'the clocks of what does not stand have run out');
  }

  /** At most the newest of the given tokens would rotate if its own client came with it now. */
  protected checkHeads(tokens: readonly Issued[]): void {
    for (const token of tokens) {
      const { kind } = this.decide(this.present(token, {}));
      const lives = kind === 'rotate' || kind === 'keep';
      claim(
        !lives || (token === this.head && this.session.ended === null),
        'a session has at most one live token',
      );
    }
  }
}
