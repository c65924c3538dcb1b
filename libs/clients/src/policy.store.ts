import type {
  PolicyAttachment as AttachmentRow,
  Policy as PolicyRow,
  PrismaService,
  Transaction,
} from '@curfew/persistence';
import { type Instant, instant, type WrittenPolicy } from '@curfew/session-policy';
import {
  type PolicyAttachment,
  type PolicyRevision,
  type PolicyTarget,
  storedRevision,
} from './policy-revision.js';

const revisionOf = (row: PolicyRow): PolicyRevision =>
  storedRevision({ ...row, createdAt: instant(row.createdAt.getTime()) });

/** A target as the row writes it. */
export const keyOf = (target: PolicyTarget): { kind: string; target: string } => {
  switch (target.kind) {
    case 'everyone':
      return { kind: 'everyone', target: '' };
    case 'client':
      return { kind: 'client', target: target.id };
    case 'resource':
      return { kind: 'resource', target: target.audience };
  }
};

const attachmentOf = ({ kind, target, policy }: AttachmentRow): PolicyAttachment => {
  if (kind === 'client') return { target: { kind, id: target }, policy };
  if (kind === 'resource') return { target: { kind, audience: target }, policy };
  return { target: { kind: 'everyone' }, policy };
};

/** Rows of the tables `policy` and `policy_attachment`. */
export class PolicyStore {
  constructor(private readonly prisma: PrismaService) {}

  /** Adds the revision after `previous`; false if that is not the highest version (any more). */
  async append(
    revision: { name: string; previous: number; settings: WrittenPolicy; createdBy: string },
    now: Instant,
    tx: Transaction,
  ): Promise<boolean> {
    const { name, previous, settings, createdBy } = revision;
    // When two append at once, the primary key lets one through; ON CONFLICT keeps the other's transaction usable.
    const added = await tx.$queryRaw<unknown[]>`
      INSERT INTO policy (name, version, settings, created_at, created_by)
      SELECT ${name}, ${previous + 1}::int, ${JSON.stringify(settings)}::jsonb, ${new Date(now).toISOString()}::timestamptz, ${createdBy}
      WHERE COALESCE((SELECT max(version) FROM policy WHERE name = ${name}), 0) = ${previous}::int
      ON CONFLICT (name, version) DO NOTHING RETURNING 1`;
    return added.length === 1;
  }

  async latest(name: string, tx: Transaction = this.prisma): Promise<PolicyRevision | null> {
    const row = await tx.policy.findFirst({ where: { name }, orderBy: { version: 'desc' } });
    return row && revisionOf(row);
  }

  /** Every revision of one policy, newest first, at most 500. */
  async revisions(name: string): Promise<PolicyRevision[]> {
    const rows = await this.prisma.policy.findMany({
      where: { name },
      orderBy: { version: 'desc' },
      take: 500,
    });
    return rows.map(revisionOf);
  }

  /** The revision in force of every policy, by name, at most 1000. */
  async allLatest(): Promise<PolicyRevision[]> {
    const rows = await this.prisma.$queryRaw<PolicyRow[]>`
      SELECT DISTINCT ON (name) name, version, settings, created_at AS "createdAt", created_by AS "createdBy"
      FROM policy ORDER BY name, version DESC LIMIT 1000`;
    return rows.map(revisionOf);
  }

  async attach(target: PolicyTarget, policy: string, tx: Transaction): Promise<void> {
    const key = keyOf(target);
    const create = { ...key, policy };
    await tx.policyAttachment.upsert({ where: { kind_target: key }, create, update: { policy } });
  }

  async detach(target: PolicyTarget, tx: Transaction): Promise<boolean> {
    const key = keyOf(target);
    const detached = await tx.$queryRaw<unknown[]>`
      DELETE FROM policy_attachment WHERE kind = ${key.kind} AND target = ${key.target} RETURNING 1`;
    return detached.length === 1;
  }

  async attachments(): Promise<PolicyAttachment[]> {
    const orderBy = [{ kind: 'asc' as const }, { target: 'asc' as const }];
    return (await this.prisma.policyAttachment.findMany({ orderBy, take: 10_000 })).map(attachmentOf);
  }

  /** The name of the policy attached to a target, or null. */
  async attachedTo(target: PolicyTarget, tx: Transaction = this.prisma): Promise<string | null> {
    const row = await tx.policyAttachment.findUnique({ where: { kind_target: keyOf(target) } });
    return row?.policy ?? null;
  }

  /** Whether the target exists; if so it stays until the transaction ends. */
  async holdTarget(target: PolicyTarget, tx: Transaction): Promise<boolean> {
    const rows =
      target.kind === 'client'
        ? await tx.$queryRaw<unknown[]>`SELECT 1 FROM client WHERE id = ${target.id} FOR SHARE`
        : target.kind === 'resource'
          ? await tx.$queryRaw<
              unknown[]
            >`SELECT 1 FROM resource WHERE audience = ${target.audience} FOR SHARE`
          : [true];
    return rows.length > 0;
  }
}
