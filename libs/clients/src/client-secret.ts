import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Instant, isPast } from '@curfew/session-policy';

const prefix = 'cfw_cs_';
const randomLength = 32;

/** A secret as it is stored. */
export interface StoredSecret {
  readonly id: string;
  /** SHA-256 of the secret: 256 random bits need no slow hash. */
  readonly hash: Uint8Array;
  readonly createdAt: Instant;
  /** null: until it is rolled over. */
  readonly expiresAt: Instant | null;
}

/** A new secret of 256 random bits; the prefix lets secret scanners find leaks. */
export const newSecret = (): string => `${prefix}${randomBytes(randomLength).toString('base64url')}`;

/** The hash that is stored of a secret. */
export const hashSecret = (secret: string): Buffer => hash('sha256', secret, 'buffer');

/** Whether a secret is still accepted. */
export const isActive = (secret: Pick<StoredSecret, 'expiresAt'>, now: Instant): boolean =>
  secret.expiresAt === null || !isPast(secret.expiresAt, now);

const decoy = hashSecret(newSecret());

/**
 * Whether `presented` is one of the client's active secrets. Every active one is compared in full, and a client without
 * any costs a comparison too, so the time tells neither which one matched nor whether there is one.
 */
export const verifySecret = (
  client: { readonly secrets: readonly StoredSecret[] } | null,
  presented: string,
  now: Instant,
): boolean => {
  const hash = hashSecret(presented);
  const active = (client?.secrets ?? []).filter((secret) => isActive(secret, now));
  let found = false;
  for (const secret of active) {
    if (timingSafeEqual(secret.hash, hash)) found = true;
  }
  if (active.length === 0) timingSafeEqual(decoy, hash);
  return found;
};
