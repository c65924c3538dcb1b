/*
 * Storage for oidc-provider the way its documentation's example adapters do it with Prisma: one table, one row per
 * artifact, the model's id as key, the payload as JSON, `consumed_at` set by an update, a grant revoked by its id. It
 * checks nothing that the examples do not check.
 *
 * The queries are raw ones, through the Prisma client of this project, so that no second client need be generated. That
 * is in the baseline's favour: Prisma's model API costs about a third more.
 */

/** The adapter factory oidc-provider asks for, over a Prisma client. */
export const prismaAdapter = (prisma) =>
  class PrismaAdapter {
    constructor(kind) {
      this.kind = kind;
    }

    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn ? new Date(Date.now() + expiresIn * 1000) : null;
      await prisma.$executeRaw`
        INSERT INTO oidc_model (id, kind, payload, grant_id, uid, expires_at)
        VALUES (${id}, ${this.kind}, ${JSON.stringify(payload)}::jsonb, ${payload.grantId ?? null}, ${payload.uid ?? null}, ${expiresAt})
        ON CONFLICT (id, kind) DO UPDATE
        SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, expires_at = excluded.expires_at`;
    }

    async find(id) {
      return present(
        await prisma.$queryRaw`SELECT payload, expires_at, consumed_at FROM oidc_model WHERE id = ${id} AND kind = ${this.kind}`,
      );
    }

    async findByUid(uid) {
      return present(
        await prisma.$queryRaw`SELECT payload, expires_at, consumed_at FROM oidc_model WHERE uid = ${uid} AND kind = ${this.kind}`,
      );
    }

    async findByUserCode() {
      throw new Error('the baseline has no device flow');
    }

    async consume(id) {
      await prisma.$executeRaw`UPDATE oidc_model SET consumed_at = ${new Date()} WHERE id = ${id} AND kind = ${this.kind}`;
    }

    async destroy(id) {
      await prisma.$executeRaw`DELETE FROM oidc_model WHERE id = ${id} AND kind = ${this.kind}`;
    }

    async revokeByGrantId(grantId) {
      await prisma.$executeRaw`DELETE FROM oidc_model WHERE grant_id = ${grantId} AND kind = ${this.kind}`;
    }
  };

function present([row]) {
  if (!row || (row.expires_at && row.expires_at < new Date())) return undefined;
  return { ...row.payload, ...(row.consumed_at ? { consumed: true } : {}) };
}
