import { someSignals, t0 } from './builders.js';
import {
  deadlines,
  decideAccess,
  type EndReason,
  ended,
  instant,
  kept,
  type PresentedToken,
  retried,
  rotated,
  siblingServed,
  started,
  steppedUp,
  stepUpDemanded,
  touched,
} from './domain.js';
import { randomFrom } from './random-from.mjs';
import { claim, type Issued, WalkRecord } from './walk-record.js';
import { elsewhere, policies } from './walk-surroundings.js';

const signIn = {
  id: 'session',
  accountId: 'account',
  clientId: 'client',
  resources: [],
  signedInAt: t0,
  authenticatedAt: null,
  baseline: someSignals,
};

const pickFrom = <T>(from: readonly T[], random: () => number): T =>
  from[Math.floor(random() * from.length)] as T;

/** The sightings of one walk, so that a test can tell that the walks went everywhere. */
export type Sightings = Map<string, number>;

/**
 * One session and everybody who may come near it. Steps are drawn at random; the row is changed only as decisions say,
 * and every promise is checked against a record of its own, never against the row that is under test.
 */
class Walk extends WalkRecord {
  private nextSecret = 1;

  constructor(
    private readonly random: () => number,
    private readonly seen: Sightings,
  ) {
    const policy = pickFrom(policies, random);
    const keyThumbprint = random() < 0.5 ? 'key' : null;
    super(started({ ...signIn, keyThumbprint }, policy), policy);
    this.issue();
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      this.step();
      this.checkAlways();
    }
    this.checkHeads(this.issued);
  }

  private pick<T>(from: readonly T[]): T {
    return pickFrom(from, this.random);
  }

  private note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  private issue(): Issued {
    const token: Issued = {
      generation: this.session.generation,
      secret: this.nextSecret++,
      firstUsedAt: null,
      successor: null,
      answeredAgain: 0,
    };
    this.issued.push(token);
    return token;
  }

  private step(): void {
    const draw = this.random();
    if (draw < 0.3) this.letTimePass();
    else if (draw < 0.55) this.use(this.head, {});
    else if (draw < 0.67) this.use(this.issued.at(-2) ?? this.head, {});
    else if (draw < 0.7) this.use(this.pick(this.issued), {});
    else if (draw < 0.71) this.use(this.pick(this.issued.slice(-4)), { signals: this.pick(elsewhere) });
    else if (draw < 0.76) this.use(this.pick(this.issued), { clientId: 'other client' });
    else if (draw < 0.8) this.use(this.pick(this.issued), { keyThumbprint: 'other key' });
    else if (draw < 0.84) this.forge();
    else if (draw < 0.88) this.touch();
    else if (draw < 0.9) this.policy = this.pick(policies);
    else if (draw < 0.96) this.use(this.head, { signals: this.pick(elsewhere) });
    else if (draw < 0.99) this.stepUp();
    else this.end('logout');
  }

  /** Mostly moments, sometimes hours, and often exactly to an edge, give or take a millisecond. */
  private letTimePass(): void {
    const { idle, absolute } = deadlines(this.session, this.policy);
    const windowEnd = (this.session.rotatedAt ?? this.now) + this.policy.retryWindow * 1000;
    const edge = () => this.pick([idle, absolute, windowEnd]) + this.pick([-1, 0, 1]);
    const draw = this.random();
    const target =
      draw < 0.15
        ? edge()
        : this.now +
          (draw < 0.7
            ? this.random() * 40_000
            : draw < 0.97
              ? this.random() * 1_500_000
              : this.random() * 2e8);
    this.now = instant(Math.max(this.now, Math.floor(target)));
  }

  /** Presents a token and does what the decision says, checking what was promised about exactly this use. */
  private use(token: Issued, changes: Partial<PresentedToken>): void {
    const presented = this.present(token, changes);
    const before = this.session;
    const honest = this.isHonest(token, presented);
    const rotatedElsewhere = this.siblingsServed === Number.POSITIVE_INFINITY;
    const decision = this.decide(presented);
    const answers = ['rotate', 'keep', 'replay', 'sibling'].includes(decision.kind);
    claim(answers === honest, 'an honest use is answered, and no other');
    this.note(
      decision.kind === 'refuse' || decision.kind === 'end'
        ? `${decision.kind} ${decision.reason}`
        : decision.kind,
    );
    switch (decision.kind) {
      case 'rotate':
        this.answered(token, presented);
        claim(token.successor === null, 'a refresh token never has two successors');
        token.firstUsedAt = this.now;
        this.noteRefresh();
        this.session = rotated(before, presented.signals, this.policy, this.now);
        this.rotatedBy(presented);
        token.successor = this.issue().secret;
        break;
      case 'keep':
        this.answered(token, presented);
        claim(token === this.head, 'only the live token is kept');
        this.noteRefresh();
        this.session = kept(before, this.policy, this.now);
        break;
      case 'replay':
        this.answered(token, presented);
        this.checkReplay(token, decision.counts);
        if (decision.counts) this.session = retried(before);
        break;
      case 'sibling':
        this.checkSibling(token, presented);
        this.session = siblingServed(before);
        claim(this.session.generation === before.generation, 'a sibling rotates nothing');
        break;
      case 'step_up':
        this.session = stepUpDemanded(before, this.now) ?? before;
        claim(this.session.generation === before.generation, 'a demand to step up consumes nothing');
        break;
      case 'end':
        if (decision.reason === 'refresh_token_reuse' && rotatedElsewhere)
          this.note('reuse after a rotation from elsewhere');
        this.end(decision.reason);
        break;
      case 'refuse':
        break;
    }
    this.checkCaller(token, presented, decision, before);
  }

  private forge(): void {
    const generation = Math.max(0, this.session.generation + this.pick([-1, 0, 1, 7]));
    const before = this.session;
    const decision = this.decide({ ...this.present(this.head, {}), generation, matches: 'none' });
    this.note(decision.kind === 'refuse' ? `forged: refuse ${decision.reason}` : `forged: ${decision.kind}`);
    claim(decision.kind === 'refuse' && this.session === before, 'a forged secret changes nothing');
  }

  private touch(): void {
    const next = touched(this.session, this.policy, this.now);
    const active = decideAccess(this.session, this.policy, this.now).kind === 'active';
    claim(next === null || active, 'only what stands is used');
    if (next === null) return;
    claim(this.policy.activity !== 'refresh', 'use counts only where the policy says so');
    this.note('touched');
    this.counted('written behind');
    this.session = next;
  }

  private noteRefresh(): void {
    if (this.policy.activity === 'use') this.notCounted();
    else this.counted('at once');
  }

  private stepUp(): void {
    if (decideAccess(this.session, this.policy, this.now).kind !== 'active') return;
    this.session = steppedUp(this.session, this.pick(elsewhere), this.now);
    this.provedAgain();
    this.note('stepped up');
  }

  private end(reason: EndReason): void {
    this.session = ended(this.session, reason, this.now);
  }
}

/** Takes one walk; throws, naming the promise, when one is broken. */
export function takeWalk(seed: number, steps: number, seen: Sightings): void {
  new Walk(randomFrom(seed), seen).run(steps);
}
