/*
 * Storage for oidc-provider the way its documentation's example adapters do it with Prisma: one table, one row per
 * artifact, the model's id as key, the payload as JSON, `consumed_at` set by an update, a grant revoked by its id.
 * It uses Prisma's model API, as most teams do, and checks nothing that the examples do not check.
 */
const select = { payload: true, expiresAt: true, consumedAt: true };
const farAway = new Date('9999-01-01T00:00:00Z');

/** The adapter factory oidc-provider asks for, over a Prisma client. */
export const prismaAdapter = (prisma) =>
  class PrismaAdapter {
    constructor(kind) {
      this.kind = kind;
    }

    #key(id) {
      return { kind_idHash: { kind: this.kind, idHash: Buffer.from(id) } };
    }

    async upsert(id, payload, expiresIn) {
      const data = {
        payload,
        grantId: payload.grantId ?? null,
        uid: payload.uid ?? null,
        expiresAt: expiresIn ? new Date(Date.now() + expiresIn * 1000) : farAway,
      };
      await prisma.protocolArtifact.upsert({
        where: this.#key(id),
        update: data,
        create: { kind: this.kind, idHash: Buffer.from(id), ...data },
        select: { kind: true },
      });
    }

    async find(id) {
      return present(await prisma.protocolArtifact.findUnique({ where: this.#key(id), select }));
    }

    async findByUid(uid) {
      return present(await prisma.protocolArtifact.findFirst({ where: { kind: this.kind, uid }, select }));
    }

    async findByUserCode() {
      throw new Error('the baseline has no device flow');
    }

    async consume(id) {
      await prisma.protocolArtifact.update({
        where: this.#key(id),
        data: { consumedAt: new Date() },
        select: { kind: true },
      });
    }

    async destroy(id) {
      await prisma.protocolArtifact.deleteMany({ where: { kind: this.kind, idHash: Buffer.from(id) } });
    }

    async revokeByGrantId(grantId) {
      await prisma.protocolArtifact.deleteMany({ where: { kind: this.kind, grantId } });
    }
  };

function present(row) {
  if (!row || row.expiresAt < new Date()) return undefined;
  return { ...row.payload, ...(row.consumedAt ? { consumed: true } : {}) };
}
