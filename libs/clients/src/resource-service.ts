import type { Clock } from '@curfew/clock';
import { type PrismaService, retrying, type Transaction } from '@curfew/persistence';
import { RegistrationError } from './registration-error.js';
import { announce } from './registry-channel.js';
import { checkResource, type Resource, type ResourceRegistration } from './resource.js';
import { ResourceStore } from './resource.store.js';
import { unstorable } from './searched-text.js';
import { audienceFault } from './uri-rules.js';

/** One page of APIs in the order of their audiences; `next` is the `after` of the following page. */
export interface ResourcePage {
  readonly resources: readonly Resource[];
  readonly next: string | null;
}

/** The conditions of a page of APIs. */
interface ResourceQuestion {
  readonly after?: string | null;
  /** Part of the audience or the name. */
  readonly search?: string;
  /** Only those with one of these audiences. */
  readonly audiences?: readonly string[];
  readonly limit?: number;
}

const largestPage = 200;

/** Registered APIs. Every change is announced to all processes in its own transaction. */
export class ResourceService {
  private readonly store: ResourceStore;

  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
  ) {
    this.store = new ResourceStore(prisma);
  }

  /** Registers an API; throws RegistrationError. */
  async create(registration: ResourceRegistration, tx?: Transaction): Promise<Resource> {
    const checked = checkResource(registration);
    return this.within(tx, async (db) => {
      const resource = await this.store.insert(checked, this.clock.now(), db);
      await announce(db, { kind: 'resource', id: resource.audience });
      return resource;
    });
  }

  /** Changes what was read as `version`; the audience is what it is. Throws RegistrationError. */
  async update(
    audience: string,
    change: Partial<Omit<ResourceRegistration, 'audience'>>,
    version: number,
    tx?: Transaction,
  ): Promise<Resource> {
    this.requireAudience(audience);
    return this.within(tx, async (db) => {
      const before = await this.store.hold(audience, db);
      if (before.version !== version) throw new RegistrationError('version_conflict');
      const { name, scopes, tokenFormat, signingAlg } = before;
      const kept = change.tokenFormat === 'opaque' ? null : signingAlg;
      // A scope that is taken away is no default any more, unless the change says what the defaults are.
      const left = change.scopes ?? scopes;
      const defaultScopes = before.defaultScopes.filter((scope) => left.includes(scope));
      const same = { name, scopes, defaultScopes, tokenFormat, signingAlg: kept };
      const checked = checkResource({ ...same, ...change, audience });
      const resource = await this.store.replace(checked, this.clock.now(), db);
      await announce(db, { kind: 'resource', id: audience });
      return resource;
    });
  }

  /** Deletes an API that no client and no host of documents names any more; throws RegistrationError. */
  async delete(audience: string, tx?: Transaction): Promise<void> {
    this.requireAudience(audience);
    await this.within(tx, async (db) => {
      await this.store.hold(audience, db);
      if (await this.store.isInUse(audience, db)) throw new RegistrationError('resource_in_use');
      await this.store.remove(audience, db);
      await announce(db, { kind: 'resource', id: audience });
    });
  }

  /** The API with this audience, straight from the database, or null; any text may be asked for. */
  async find(audience: string, tx?: Transaction): Promise<Resource | null> {
    return audienceFault(audience) === null ? this.store.find(audience, tx) : null;
  }

  /**
   * One page in the order of audiences: at most `limit` (200) APIs after `after` whose audience or name contains `search`, among those of
   * `audiences` where it is given.
   */
  async list(query: ResourceQuestion = {}): Promise<ResourcePage> {
    const limit = Math.max(1, Math.min(query.limit ?? 50, largestPage));
    const after = query.after ?? null;
    const search = query.search || null;
    if ((after !== null && audienceFault(after) !== null) || (search !== null && unstorable.test(search))) {
      return { resources: [], next: null };
    }
    const rows = await this.store.page({ after, search, audiences: query.audiences ?? null }, limit + 1);
    const resources = rows.slice(0, limit);
    return { resources, next: rows.length > limit ? (resources.at(-1)?.audience ?? null) : null };
  }

  private requireAudience(audience: string): void {
    if (audienceFault(audience) !== null) throw new RegistrationError('unknown_resource');
  }

  private within<T>(tx: Transaction | undefined, work: (db: Transaction) => Promise<T>): Promise<T> {
    return tx ? work(tx) : retrying(() => this.prisma.$transaction(work));
  }
}
