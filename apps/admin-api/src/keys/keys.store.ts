import { PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';

/** A signing key without its private part. */
export interface KeyRow {
  readonly kid: string;
  readonly alg: string;
  readonly public_jwk: Readonly<Record<string, unknown>>;
  readonly created_at: Date;
  readonly activates_at: Date;
  readonly retires_at: Date | null;
  readonly removed_at: Date | null;
}

/** The states of a signing key. */
export const keyStates = ['upcoming', 'signing', 'retired', 'unreadable'] as const;

/** One of these states. */
export type KeyState = (typeof keyStates)[number];

/** Signing keys as operators see them; the private parts are not read. */
@Injectable()
export class KeysStore {
  constructor(private readonly prisma: PrismaService) {}

  /** Every key that is kept, latest first. */
  async all(): Promise<readonly KeyRow[]> {
    return this.prisma.$queryRaw<KeyRow[]>`
      SELECT kid, alg, public_jwk, created_at, activates_at, retires_at, removed_at FROM signing_key
      ORDER BY activates_at DESC, kid LIMIT 200`;
  }

  /** The keys that are not removed at this instant, with their states; `unreadable` are the ids of those that cannot be read. */
  async states(
    unreadable: readonly string[],
    now: Instant,
  ): Promise<readonly (KeyRow & { readonly state: KeyState })[]> {
    const kept = (await this.all()).filter(
      ({ removed_at }) => removed_at === null || removed_at.getTime() > now,
    );
    return kept.map((row) => ({ ...row, state: stateOf(row, unreadable, now) }));
  }
}

function stateOf(row: KeyRow, unreadable: readonly string[], now: Instant): KeyState {
  if (unreadable.includes(row.kid)) return 'unreadable';
  if (row.activates_at.getTime() > now) return 'upcoming';
  return row.retires_at !== null && row.retires_at.getTime() <= now ? 'retired' : 'signing';
}
