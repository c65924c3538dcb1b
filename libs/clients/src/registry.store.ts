import { Batcher, isDatabaseUnavailable, type PrismaService } from '@curfew/persistence';
import type { Client } from './client.js';
import { clientOf, secretOf } from './client.store.js';
import type { StoredSecret } from './client-secret.js';
import { PolicyStore } from './policy.store.js';
import type { PolicyRevision } from './policy-revision.js';
import type { Resource } from './resource.js';
import { resourceOf } from './resource.store.js';
import { type PolicyShadow, ShadowStore } from './shadow.store.js';

/** A client with everything that requests need of it. */
export interface KnownClient extends Client {
  /** Newest first, expired ones included. */
  readonly secrets: readonly StoredSecret[];
  /** Name of the policy attached to it, or null. */
  readonly policy: string | null;
}

/** An API with the policy attached to it. */
export interface KnownResource extends Resource {
  readonly policy: string | null;
}

/** Policies of one's own in force, by name, and the one attached to everyone. */
export interface KnownPolicies {
  readonly byName: ReadonlyMap<string, PolicyRevision>;
  readonly everyone: string | null;
  /** Shadows by the name of their policy. */
  readonly shadows: ReadonlyMap<string, PolicyShadow>;
  /** Whether anything is tried at all, in shadow or in a canary. */
  readonly hasTrials: boolean;
}

/** How many reads of clients are under way at most, and how many clients are in one. */
const clientLimits = { inFlight: 2, largest: 200 };

/** Reads for the registry. A change between two statements of one read is announced, so it is read again. */
export class RegistryStore {
  /** Clients that are asked for at once are read at once: a walk over all sessions, and busy servers, ask for hundreds. */
  private readonly clients: Batcher<string, KnownClient | null>;

  constructor(private readonly prisma: PrismaService) {
    this.clients = new Batcher((ids) => this.readClients(ids), clientLimits, isDatabaseUnavailable);
  }

  client(id: string): Promise<KnownClient | null> {
    return this.clients.submit(id);
  }

  private async readClients(ids: readonly string[]): Promise<readonly (KnownClient | null)[]> {
    const among = { in: [...ids] };
    const [rows, secrets, attachments] = await Promise.all([
      this.prisma.client.findMany({ where: { id: among } }),
      this.prisma.clientSecret.findMany({ where: { clientId: among }, orderBy: { createdAt: 'desc' } }),
      this.prisma.policyAttachment.findMany({ where: { kind: 'client', target: among } }),
    ]);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const policies = new Map(attachments.map(({ target, policy }) => [target, policy]));
    const secretsOf = new Map<string, typeof secrets>(ids.map((id) => [id, []]));
    for (const secret of secrets) secretsOf.get(secret.clientId)?.push(secret);
    return ids.map((id) => {
      const row = byId.get(id);
      if (!row) return null;
      const own = (secretsOf.get(id) ?? []).map(secretOf);
      return { ...clientOf(row), secrets: own, policy: policies.get(id) ?? null };
    });
  }

  async resource(audience: string): Promise<KnownResource | null> {
    const [row, attachment] = await Promise.all([
      this.prisma.resource.findUnique({ where: { audience } }),
      this.prisma.policyAttachment.findUnique({
        where: { kind_target: { kind: 'resource', target: audience } },
      }),
    ]);
    return row && { ...resourceOf(row), policy: attachment?.policy ?? null };
  }

  async policies(): Promise<KnownPolicies> {
    const store = new PolicyStore(this.prisma);
    const [revisions, everyone, shadows] = await Promise.all([
      store.allLatest(),
      store.attachedTo({ kind: 'everyone' }),
      new ShadowStore(this.prisma).all(),
    ]);
    return {
      byName: new Map(revisions.map((revision) => [revision.name, revision])),
      everyone,
      shadows: new Map(shadows.map((shadow) => [shadow.policy, shadow])),
      hasTrials: shadows.length > 0 || revisions.some(({ policy }) => policy.canary !== null),
    };
  }
}
