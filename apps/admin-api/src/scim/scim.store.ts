import { Prisma, PrismaService } from '@curfew/persistence';
import { Injectable } from '@nestjs/common';

/** An account as SCIM shows it. */
export interface ScimAccount {
  readonly id: string;
  readonly username: string;
  readonly active: boolean;
  readonly displayName: string | null;
  readonly email: string | null;
  readonly groups: readonly string[];
  readonly externalId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The accounts that are asked for. */
export interface ScimQuestion {
  readonly id?: string;
  readonly externalId?: string;
  /** How many come before the first that is shown. */
  readonly offset: number;
  readonly limit: number;
}

/** Reads accounts with their profiles. */
@Injectable()
export class ScimStore {
  constructor(private readonly prisma: PrismaService) {}

  /** The accounts that fit, in the order of usernames, and how many there are. */
  async search({ id, externalId, offset, limit }: ScimQuestion): Promise<{
    readonly found: readonly ScimAccount[];
    readonly total: number;
  }> {
    const conditions = [
      Prisma.sql`true`,
      ...(id === undefined ? [] : [Prisma.sql`a.id = ${id}::uuid`]),
      ...(externalId === undefined ? [] : [Prisma.sql`p.external_id = ${externalId}`]),
    ];
    const from = Prisma.sql`FROM account a LEFT JOIN account_profile p ON p.account_id = a.id
      WHERE ${Prisma.join(conditions, ' AND ')}`;
    const [counted] = await this.prisma.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total ${from}`;
    const found = await this.prisma.$queryRaw<ScimAccount[]>`
      SELECT a.id::text AS id, a.username, a.disabled_at IS NULL AS active, p.display_name AS "displayName", p.email,
        coalesce(p.groups, '{}') AS groups, p.external_id AS "externalId", a.created_at AS "createdAt",
        greatest(a.updated_at, p.updated_at) AS "updatedAt"
      ${from} ORDER BY a.username LIMIT ${limit}::int OFFSET ${offset}::int`;
    return { found, total: counted?.total ?? 0 };
  }
}
