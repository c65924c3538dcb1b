import type { PrismaService } from '@curfew/persistence';
import type { Client } from './client.js';
import { clientOf, secretOf } from './client.store.js';
import type { StoredSecret } from './client-secret.js';
import { PolicyStore } from './policy.store.js';
import type { PolicyRevision } from './policy-revision.js';
import type { Resource } from './resource.js';
import { resourceOf } from './resource.store.js';

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
}

/** What the registry reads. Where a change falls between two parts of an answer, its announcement makes it be read again. */
export class RegistryStore {
  constructor(private readonly prisma: PrismaService) {}

  async client(id: string): Promise<KnownClient | null> {
    const [row, secrets, attachment] = await Promise.all([
      this.prisma.client.findUnique({ where: { id } }),
      this.prisma.clientSecret.findMany({ where: { clientId: id }, orderBy: { createdAt: 'desc' } }),
      this.prisma.policyAttachment.findUnique({ where: { kind_target: { kind: 'client', target: id } } }),
    ]);
    return row && { ...clientOf(row), secrets: secrets.map(secretOf), policy: attachment?.policy ?? null };
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
    const [revisions, everyone] = await Promise.all([
      store.allLatest(),
      store.attachedTo({ kind: 'everyone' }),
    ]);
    return { byName: new Map(revisions.map((revision) => [revision.name, revision])), everyone };
  }
}
