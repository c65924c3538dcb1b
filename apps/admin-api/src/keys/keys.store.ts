import { PrismaService } from '@curfew/persistence';
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
}
