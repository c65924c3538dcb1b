import { type Instant, instant, isPast, plus, type Seconds, seconds } from '@curfew/session-policy';
import type { SigningAlgorithm } from './signing-key.js';

/** The dates of one signing key. */
export interface KeyDates {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly activatesAt: Instant;
  /** Signs no more from here on; open until a successor is known. */
  readonly retiresAt: Instant | undefined;
  /** Leaves the key set from here on. */
  readonly removedAt: Instant | undefined;
  /** Whether this node can sign with it, that is, knows the secret it is sealed under. */
  readonly usable: boolean;
}

/** How long the parts of a key's life are. */
export interface KeySettings {
  /** A key signs this long before the next one takes over. */
  readonly rotationAge: Seconds;
  /** A key is published this long before it signs, so that every cache of the key set has it by then. */
  readonly publishAhead: Seconds;
  /** A key stays published this long after it signed last: at least the life of the longest-lived thing it signs. */
  readonly keptFor: Seconds;
}

/**
 * How long others may keep the key set and the metadata: five minutes, so that a key withdrawn in haste is soon gone everywhere,
 * and always less than the time for which a key is published before it signs.
 */
export const metadataMaxAge = (publishAhead: Seconds): Seconds =>
  Math.min(300, Math.floor(publishAhead / 2)) as Seconds;

/** The lengths of a key's life as they are configured; every program that writes keys takes them from here. */
export const keySettings = (configured: Readonly<Record<keyof KeySettings, number>>): KeySettings => ({
  rotationAge: seconds(configured.rotationAge),
  publishAhead: seconds(configured.publishAhead),
  keptFor: seconds(configured.keptFor),
});

/** A key to be made. */
export interface KeyToCreate {
  readonly alg: SigningAlgorithm;
  readonly activatesAt: Instant;
}

/** The changes that the set of keys needs. */
export interface KeyChanges {
  readonly create: readonly KeyToCreate[];
  /** Kids of keys nothing alive was signed with. */
  readonly remove: readonly string[];
}

/** Whether a key belongs to the published set. A key under an unknown secret does not: dropping a secret disowns what it protected. */
export const isPublished = (key: KeyDates, now: Instant): boolean =>
  key.usable && !(key.removedAt !== undefined && isPast(key.removedAt, now));

/** Whether a key may sign. */
export const maySign = (key: KeyDates, now: Instant): boolean =>
  isPublished(key, now) &&
  isPast(key.activatesAt, now) &&
  !(key.retiresAt !== undefined && isPast(key.retiresAt, now));

/** The key of an algorithm that signs: the last one activated, so that all nodes choose the same. */
export function activeKey<K extends KeyDates>(
  keys: readonly K[],
  alg: SigningAlgorithm,
  now: Instant,
): K | undefined {
  return keys
    .filter((key) => key.alg === alg && maySign(key, now))
    .sort((a, b) => b.activatesAt - a.activatesAt || (a.kid < b.kid ? -1 : 1))[0];
}

const isUpcoming = (key: KeyDates, now: Instant): boolean =>
  isPublished(key, now) && !isPast(key.activatesAt, now);

/**
 * The changes that are due now; the same on every node that sees the same rows. `rotate` names algorithms to rotate whatever their key's
 * age.
 */
export function dueChanges(
  keys: readonly KeyDates[],
  algorithms: readonly SigningAlgorithm[],
  settings: KeySettings,
  now: Instant,
  rotate: readonly SigningAlgorithm[] = [],
): KeyChanges {
  const create = algorithms.flatMap((alg): KeyToCreate[] => {
    const active = activeKey(keys, alg, now);
    if (!active) return [{ alg, activatesAt: now }];
    if (keys.some((key) => key.alg === alg && isUpcoming(key, now))) return [];
    const published = plus(now, settings.publishAhead);
    const aged = plus(active.activatesAt, settings.rotationAge);
    if (rotate.includes(alg)) return [{ alg, activatesAt: published }];
    return isPast(aged, published) ? [{ alg, activatesAt: instant(Math.max(aged, published)) }] : [];
  });
  return { create, remove: keys.filter((key) => isOver(key, settings, now)).map(({ kid }) => kid) };
}

function isOver({ usable, removedAt, activatesAt }: KeyDates, settings: KeySettings, now: Instant): boolean {
  if (removedAt !== undefined) return isPast(removedAt, now);
  if (usable) return false;
  // Nobody here can open it. Its owner would have retired it by now, so there is none any more.
  const { rotationAge, publishAhead, keptFor } = settings;
  return isPast(plus(plus(plus(activatesAt, rotationAge), publishAhead), keptFor), now);
}

/** The keys that get an end because another one follows: each signs until the next of its algorithm does. */
export function retirements<K extends KeyDates>(
  keys: readonly K[],
  settings: KeySettings,
): readonly { readonly kid: string; readonly retiresAt: Instant; readonly removedAt: Instant }[] {
  const inOrder = keys.filter(({ usable }) => usable).sort((a, b) => a.activatesAt - b.activatesAt);
  return inOrder.flatMap(({ kid, alg, retiresAt }, index) => {
    const next = inOrder.slice(index + 1).find((later) => later.alg === alg);
    if (!next || retiresAt !== undefined) return [];
    return [{ kid, retiresAt: next.activatesAt, removedAt: plus(next.activatesAt, settings.keptFor) }];
  });
}
