import type { Clock } from '@curfew/clock';
import type { PrismaService, Statements, Transaction } from '@curfew/persistence';
import { type Instant, plus } from '@curfew/session-policy';
import { type Account, methodsOfFactor } from '../account.js';
import type { Consent } from '../consent.js';
import { type Counter, type Throttle, throttleKey } from '../throttle.store.js';
import { type Ceremony, CeremonyChallenges, ceremonyWithin } from './ceremony-challenge.js';
import { type NewPasskey, type Passkey, PasskeyStore, type RemovedPasskey } from './passkey.store.js';
import {
  accountIdOf,
  keyOfNobody,
  passkeyAlgorithms,
  readAnswer,
  userHandleOf,
  verifyNew,
  verifyShown,
} from './passkey-answers.js';
import type { PasskeyUse } from './passkey-use.js';
import type { RelyingParty, WithoutPasskeys } from './relying-party.js';

/** Dependencies of Passkeys. */
export interface PasskeysParts {
  readonly prisma: PrismaService;
  /** Finds and records passkeys that sign somebody in; `prisma` by default. */
  readonly hot?: Statements;
  readonly clock: Clock;
  readonly throttle: Throttle;
  readonly relyingParty: RelyingParty | WithoutPasskeys;
  /** Keys of challenges, newest first. */
  readonly challengeKeys: readonly Uint8Array[];
  /** The name of this service that authenticators show. */
  readonly name: string;
}

/** Options of a ceremony, in JSON (WebAuthn §5.4, §5.5). */
export type CeremonyRequest = Readonly<Record<string, unknown>>;

/** The answer to a ceremony, as a form brought it. */
export interface TypedAnswer {
  readonly typed: string;
  /** The browser that was shown the page. */
  readonly binding: string;
}

/** The limits to what a passkey may be shown for. */
export interface PasskeyWish {
  /** The account that must be signed in, where that is known already. */
  readonly expected?: string | null;
  /** The client to which somebody signs in, whose consent is read along. */
  readonly clientId?: string | null;
}

/** Whether a passkey was shown; `stale` is an answer to a challenge that is too old, used, or not of this browser. */
export type PasskeyVerdict =
  | {
      readonly kind: 'ok';
      readonly accountId: string;
      /** As it was when it was read; an end since then stops the sign-in at its commit. */
      readonly account: Account;
      readonly provedAt: Instant;
    }
  | { readonly kind: 'stale' | 'invalid'; readonly accountId: string | null };

/** Whether a passkey was shown whose use is still to be recorded: nobody is signed in by it before. `consent` is that to the client of the wish. */
export type PasskeyProof =
  | (Extract<PasskeyVerdict, { kind: 'ok' }> & { readonly use: PasskeyUse; readonly consent: Consent | null })
  | Exclude<PasskeyVerdict, { kind: 'ok' }>;

/** Why a new passkey was not kept. */
export type PasskeyFault = 'stale' | 'invalid' | 'too_many';

/** How a person proves themselves with a passkey. */
export const passkeyMethods = methodsOfFactor.passkey;

/** Passkeys of one account at most. */
export const maxPasskeys = 20;

const timeoutMs = 300_000;

/** Passkeys of accounts (WebAuthn level 3), each of which verifies the person and is found without a username. */
export class Passkeys {
  readonly #store: PasskeyStore;
  readonly #challenges: CeremonyChallenges;

  constructor(private readonly parts: PasskeysParts) {
    this.#store = new PasskeyStore(parts.prisma, parts.hot);
    this.#challenges = new CeremonyChallenges(parts.challengeKeys);
  }

  /** The relying party; undefined where this installation can have no passkeys. */
  get #relyingParty(): RelyingParty | undefined {
    const { relyingParty } = this.parts;
    return 'id' in relyingParty ? relyingParty : undefined;
  }

  /** A warning for operators at the start: there are no passkeys for a reason, or some of them were made for another host. */
  async notice(): Promise<string | undefined> {
    const { relyingParty } = this.parts;
    if ('because' in relyingParty) return `passkeys are off: ${relyingParty.because}`;
    const count = await this.#store.countOfOthers(relyingParty.id);
    return count === 0
      ? undefined
      : `${count} passkeys were made for another host than ${relyingParty.id} and do not work; their owners sign in by password and set up new ones`;
  }

  ofAccount(accountId: string): Promise<readonly Passkey[]> {
    return this.#store.ofAccount(accountId);
  }

  /** Asks the browser of `binding` to show any passkey of this service; undefined where there are none. */
  toShow(binding: string): CeremonyRequest | undefined {
    const rp = this.#relyingParty;
    if (!rp) return undefined;
    const challenge = this.#challenges.issue('show', binding, this.parts.clock.now());
    return { challenge, rpId: rp.id, userVerification: 'required', timeout: timeoutMs };
  }

  /** Asks the browser of `binding` to make a passkey for the account; undefined where there can be none. */
  toMake({ id, username }: Account, binding: string, has: readonly Passkey[]): CeremonyRequest | undefined {
    const rp = this.#relyingParty;
    if (!rp) return undefined;
    return {
      challenge: this.#challenges.issue('make', bindingOf(id, binding), this.parts.clock.now()),
      rp: { id: rp.id, name: this.parts.name },
      user: { id: userHandleOf(id), name: username, displayName: username },
      pubKeyCredParams: passkeyAlgorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: has.map((passkey) => ({ id: passkey.id, type: 'public-key' })),
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      },
      attestation: 'none',
      timeout: timeoutMs,
    };
  }

  /**
   * Verifies a passkey that was shown, and uses its challenge up: one of any number of attempts on any number of nodes succeeds. The account
   * that it opens may still be disabled. A passkey of another account than the expected one is refused before anything of it is used up,
   * and the verdict names the account expected.
   */
  async verify(shown: TypedAnswer, expected: string | null = null): Promise<PasskeyVerdict> {
    const proof = await this.prove(shown, { expected });
    if (proof.kind !== 'ok') return proof;
    const { accountId, provedAt, use } = proof;
    const recorded = await this.#store.use(use);
    return recorded.kind === 'ok'
      ? { kind: 'ok', accountId, account: recorded.account, provedAt }
      : { kind: recorded.kind, accountId };
  }

  /** The same, for a sign-in that records the use in its own commit, and signs nobody in if that is not the first one. */
  async prove(
    { typed, binding }: TypedAnswer,
    { expected = null, clientId = null }: PasskeyWish,
  ): Promise<PasskeyProof> {
    const provedAt = this.parts.clock.now();
    const [rp, answer] = [this.#relyingParty, readAnswer(typed)];
    if (!rp || !answer) return { kind: 'invalid', accountId: expected };
    if (!this.#challenges.isOpen(answer.challenge, 'show', binding, provedAt))
      return { kind: 'stale', accountId: expected };
    const { id, userHandle } = answer;
    const shown = { id, named: accountIdOf(userHandle), clientId };
    const found = await this.#store.find(shown, rp.id, keyOfNobody);
    const { accountId, named: account, consent } = found;
    // Verified whether or not somebody has it, so that the time of an answer does not tell which passkeys exist.
    const state = await verifyShown(answer, found, rp);
    // WebAuthn §7.2 step 6: the authenticator names the account that it believes to open.
    if (accountId === null || account === null || userHandle !== userHandleOf(accountId))
      return { kind: 'invalid', accountId: expected ?? accountId };
    if (expected !== null && expected !== accountId) return { kind: 'invalid', accountId: expected };
    if (!state) return { kind: 'invalid', accountId };
    const { key, limit } = counterOf('show', answer.challenge);
    const challenge = { key, until: plus(provedAt, limit.window) };
    const use = { id, challenge, ...state, at: provedAt };
    return { kind: 'ok', accountId, account, consent, provedAt, use };
  }

  /**
   * Verifies a new passkey that the browser made, and uses its challenge up; why not, where it is none. It takes a connection of its own, so
   * that it comes before the transaction that keeps the passkey: many that each hold one and wait for a second one would wait for ever.
   */
  async make({
    typed,
    binding,
    account,
    name,
  }: TypedAnswer & { readonly account: Account; readonly name: string }): Promise<NewPasskey | PasskeyFault> {
    const now = this.parts.clock.now();
    const [rp, answer] = [this.#relyingParty, readAnswer(typed)];
    if (!rp || !answer) return 'invalid';
    if (!this.#challenges.isOpen(answer.challenge, 'make', bindingOf(account.id, binding), now))
      return 'stale';
    const made = await verifyNew(answer, rp);
    if (!made) return 'invalid';
    const { key, limit } = counterOf('make', answer.challenge);
    if (!(await this.parts.throttle.take(key, limit)).allowed) return 'stale';
    return { ...made, accountId: account.id, relyingParty: rp.id, name };
  }

  /** Keeps a new passkey that was verified; false where the account has as many as it may. */
  keep(made: NewPasskey, tx: Transaction): Promise<boolean> {
    return this.#store.add(made, maxPasskeys, this.parts.clock.now(), tx);
  }

  /** Removes the passkey of that id, or all of the account; those that it had. */
  remove(accountId: string, id: string | null, tx: Transaction): Promise<readonly RemovedPasskey[]> {
    return this.#store.remove(accountId, id, tx);
  }
}

/** The counter that uses a challenge up. One that takes one outlives the challenge, because it begins no earlier. */
const counterOf = (ceremony: Ceremony, challenge: string): Counter => ({
  key: throttleKey('passkey-ceremony', ceremony, challenge),
  limit: { count: 1, window: ceremonyWithin },
});

const bindingOf = (accountId: string, binding: string): string => JSON.stringify([accountId, binding]);
