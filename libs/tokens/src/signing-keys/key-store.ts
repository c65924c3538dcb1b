import type { NewEvent } from '@curfew/events';
import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Actor, type Instant, isPast, plus, seconds } from '@curfew/session-policy';
import type { ServiceKeys } from '../sealing.js';
import { bySchedule, keyEvent } from './key-events.js';
import { dueChanges, type KeyChanges, type KeySettings, retirements } from './key-schedule.js';
import { type HeldKey, KeySet } from './key-set.js';
import { PrivateKeySeal } from './private-key-seal.js';
import { type SigningAlgorithm, SigningKey, signingAlgorithms } from './signing-key.js';
import { type SigningKeyRow, SigningKeyStore } from './signing-key.store.js';

/** How far back steps that came by the clock are looked for after a start; they are written once, whoever sees them. */
const lookBack = seconds(24 * 60 * 60);

/** No signing keys have been loaded yet. */
export class SigningKeysNotLoaded extends Error {
  override readonly name = 'SigningKeysNotLoaded';
  readonly code = 'signing_keys_not_loaded';
}

/**
 * The signing keys of the service. The rows are the truth: which key signs is a function of the rows and the time, so that all nodes agree
 * without talking. Call `load` at start and on every notification of `signingKeysChannel`, `tick` from time to time; if they return true,
 * hand the new `current` set to every holder of the old one.
 */
export class KeyStore {
  readonly #rows: SigningKeyStore;
  readonly #seal: PrivateKeySeal;
  readonly #settings: KeySettings;
  readonly #algorithms: readonly SigningAlgorithm[];
  /** Keys stay open once they were: a node outlives the roll-over of a secret it does not know yet. */
  readonly #opened = new Map<string, SigningKey>();
  #held: readonly HeldKey[] | undefined;
  #last: KeySet | undefined;
  #lookedAt: Instant | undefined;

  constructor(
    prisma: PrismaService,
    serviceKeys: ServiceKeys,
    settings: KeySettings,
    algorithms: readonly SigningAlgorithm[] = signingAlgorithms,
  ) {
    this.#rows = new SigningKeyStore(prisma);
    this.#seal = new PrivateKeySeal(serviceKeys);
    this.#settings = settings;
    this.#algorithms = algorithms;
  }

  /** Reads the keys, makes those that are missing or due, removes those that are over. Answers whether the set is another one now. */
  async load(now: Instant): Promise<boolean> {
    this.#held = await this.#read();
    const { create, remove } = this.#due(this.#held, now);
    if (create.length + remove.length > 0) await this.#apply(now, [], bySchedule);
    await this.#recordPassedSteps(now);
    return this.#refresh(now);
  }

  /** As `load`, for the timer: age brings rotation, activation and removal. */
  tick(now: Instant): Promise<boolean> {
    return this.load(now);
  }

  /** The keys in force. Throws before the first `load`. */
  current(now: Instant): KeySet {
    if (!this.#held) throw new SigningKeysNotLoaded('load the signing keys first');
    return new KeySet(this.#held, now);
  }

  /** The published keys. */
  publicJwks(now: Instant): KeySet['publicJwks'] {
    return this.current(now).publicJwks;
  }

  /** Kids this node cannot use because the secret they are sealed under is not configured. */
  get unreadable(): readonly string[] {
    return (this.#held ?? []).filter(({ usable }) => !usable).map(({ kid }) => kid);
  }

  /**
   * Has the key of an algorithm (or of all) followed by a new one, published at once and signing after the publish-ahead time. If a
   * successor is on its way already, that one stands. `along` is recorded in the same commit. Answers whether the set changed.
   */
  async rotate(
    now: Instant,
    algorithm?: SigningAlgorithm,
    by: Actor = bySchedule,
    along: readonly NewEvent[] = [],
  ): Promise<boolean> {
    await this.#apply(now, algorithm ? [algorithm] : this.#algorithms, by, along);
    return this.#refresh(now);
  }

  /**
   * Takes a key out of the set at once, because it is compromised: its signatures are not believed any more. If it was the one that signs,
   * a new one signs from now on, unannounced. `along` is recorded in the commit that takes it out. Answers whether the set changed.
   */
  async withdraw(
    kid: string,
    now: Instant,
    by: Actor = bySchedule,
    along: readonly NewEvent[] = [],
  ): Promise<boolean> {
    await this.#rows.change(async (transaction) => {
      const known = (await this.#read(transaction)).find((key) => key.kid === kid);
      if (!known) return;
      await this.#rows.remove([kid], transaction);
      if (!isPast(known.activatesAt, now)) await this.#rows.reopen(known.alg, known.activatesAt, transaction);
      await this.#rows.record([keyEvent(known, 'removed', now, by), ...along], transaction);
    });
    return this.load(now);
  }

  #refresh(now: Instant): boolean {
    const set = this.current(now);
    const changed = !set.equals(this.#last);
    this.#last = set;
    return changed;
  }

  #due(held: readonly HeldKey[], now: Instant, rotate: readonly SigningAlgorithm[] = []): KeyChanges {
    return dueChanges(held, this.#algorithms, this.#settings, now, rotate);
  }

  async #apply(
    now: Instant,
    rotate: readonly SigningAlgorithm[],
    by: Actor,
    along: readonly NewEvent[] = [],
  ): Promise<void> {
    // RSA keys take their time, so they are made before anything is locked.
    const expected = this.#due(await this.#read(), now, rotate).create;
    const ready = new Map(
      await Promise.all(expected.map(async ({ alg }) => [alg, await SigningKey.generate(alg)] as const)),
    );
    await this.#rows.change(async (transaction) => {
      const { create, remove } = this.#due(await this.#read(transaction), now, rotate);
      const events: NewEvent[] = [...along];
      for (const { alg, activatesAt } of create) {
        const key = ready.get(alg) ?? (await SigningKey.generate(alg));
        await this.#rows.add(this.#rowOf(key, now, activatesAt), transaction);
        this.#opened.set(key.kid, key);
        events.push(keyEvent(key, 'created', now, by));
      }
      const held = await this.#read(transaction);
      for (const { kid, retiresAt, removedAt } of retirements(held, this.#settings))
        await this.#rows.retire(kid, retiresAt, removedAt, transaction);
      await this.#rows.remove(remove, transaction);
      const removed = held.filter(({ kid }) => remove.includes(kid));
      events.push(...removed.map((key) => keyEvent(key, 'removed', now, by)));
      await this.#rows.record(events, transaction);
    });
    this.#held = await this.#read();
  }

  #rowOf(key: SigningKey, createdAt: Instant, activatesAt: Instant): SigningKeyRow {
    const { kid, alg, publicJwk } = key;
    const sealedPrivateKey = this.#seal.close(key.exportPrivate(), kid);
    const dates = { createdAt, activatesAt, retiresAt: undefined, removedAt: undefined };
    return { kid, alg, publicJwk, sealedPrivateKey, ...dates };
  }

  async #read(transaction?: Transaction): Promise<readonly HeldKey[]> {
    const rows = await this.#rows.all(transaction);
    const held: HeldKey[] = [];
    const kept = new Set(rows.map(({ kid }) => kid));
    for (const kid of this.#opened.keys()) if (!kept.has(kid) && !transaction) this.#opened.delete(kid);
    for (const row of rows) {
      const key = this.#opened.get(row.kid) ?? (await this.#open(row));
      const { kid, alg, activatesAt, retiresAt, removedAt } = row;
      held.push({ kid, alg, activatesAt, retiresAt, removedAt, usable: key !== undefined, key });
    }
    return held;
  }

  async #open(row: SigningKeyRow): Promise<SigningKey | undefined> {
    const opened = this.#seal.open(row.sealedPrivateKey, row.kid);
    if (!opened) return undefined;
    const key = SigningKey.fromPrivate(opened.content, row.alg);
    if (opened.outdated) await this.#rows.reseal(row, this.#seal.close(opened.content, row.kid));
    this.#opened.set(row.kid, key);
    return key;
  }

  async #recordPassedSteps(now: Instant): Promise<void> {
    const since = this.#lookedAt ?? plus(now, seconds(-lookBack));
    const passed = (at: Instant | undefined): at is Instant =>
      at !== undefined && at > since && isPast(at, now);
    const events = (this.#held ?? []).flatMap((key) => [
      ...(passed(key.activatesAt) ? [keyEvent(key, 'activated', key.activatesAt)] : []),
      ...(passed(key.retiresAt) ? [keyEvent(key, 'retired', key.retiresAt)] : []),
    ]);
    await this.#rows.record(events);
    this.#lookedAt = now;
  }
}
