import type { Clock } from '@curfew/clock';
import { type PrismaService, retrying, type Transaction } from '@curfew/persistence';
import { formatPolicy, parsePolicy } from '@curfew/session-policy';
import { PolicyStore } from './policy.store.js';
import {
  isPolicyName,
  type PolicyAttachment,
  type PolicyRevision,
  type PolicyTarget,
  profileRevision,
  profileRevisions,
} from './policy-revision.js';
import { RegistrationError } from './registration-error.js';
import { announce, type RegistryChange } from './registry-channel.js';
import { unstorable } from './searched-text.js';
import { type PolicyShadow, ShadowStore } from './shadow.store.js';

/** Which announcement makes the processes forget what they know of a target's policy. */
const changeOf = (target: PolicyTarget): RegistryChange => {
  switch (target.kind) {
    case 'everyone':
      return { kind: 'policies' };
    case 'client':
      return { kind: 'client', id: target.id };
    case 'resource':
      return { kind: 'resource', id: target.audience };
  }
};

/**
 * Named policies: the ready profiles, which are always there and never change, and policies of one's own, of which every
 * revision is kept. Changes are announced to all processes in their own transaction.
 */
export class PolicyService {
  private readonly store: PolicyStore;
  private readonly shadows: ShadowStore;

  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
  ) {
    this.store = new PolicyStore(prisma);
    this.shadows = new ShadowStore(prisma);
  }

  /**
   * Writes the revision after version `previous` (0: a new policy). `settings` are written in full or based on a ready
   * profile, and are stored in full, so that a policy never changes by itself. Throws RegistrationError.
   */
  async save(
    revision: { name: string; previous: number; settings: unknown; createdBy: string },
    tx?: Transaction,
  ): Promise<PolicyRevision> {
    const { name, previous, createdBy } = revision;
    if (profileRevision(name)) throw new RegistrationError('policy_is_built_in');
    const violations = isPolicyName(name)
      ? []
      : ['name must have 1 to 63 lower-case letters, digits and hyphens, and begin with a letter'];
    const parsed = parsePolicy(revision.settings);
    if (!parsed.ok) violations.push(...parsed.violations);
    if (!parsed.ok || violations.length > 0) throw new RegistrationError('invalid_policy', violations);
    const settings = formatPolicy(parsed.policy);
    return this.within(tx, async (db) => {
      const now = this.clock.now();
      if (!(await this.store.append({ name, previous, settings, createdBy }, now, db))) {
        throw new RegistrationError('version_conflict');
      }
      await announce(db, { kind: 'policies' });
      return {
        name,
        version: previous + 1,
        policy: parsed.policy,
        settings,
        profile: null,
        createdAt: now,
        createdBy,
      };
    });
  }

  /** The revision in force, of a policy of one's own or a ready profile, or null; any text may be asked for. */
  async find(name: string, tx?: Transaction): Promise<PolicyRevision | null> {
    return profileRevision(name) ?? (isPolicyName(name) ? this.store.latest(name, tx) : null);
  }

  /** Every revision, newest first; empty if there is no such policy. */
  async revisions(name: string): Promise<PolicyRevision[]> {
    const profile = profileRevision(name);
    if (profile) return [profile];
    return isPolicyName(name) ? this.store.revisions(name) : [];
  }

  /** The revisions in force: the ready profiles first, then policies of one's own by name. */
  async list(): Promise<PolicyRevision[]> {
    return [...profileRevisions(), ...(await this.store.allLatest())];
  }

  /** Attaches a policy to a target in place of any other; throws RegistrationError if either does not exist. */
  async attach(target: PolicyTarget, policy: string, tx?: Transaction): Promise<void> {
    await this.within(tx, async (db) => {
      const exists =
        profileRevision(policy) ?? (isPolicyName(policy) && (await this.store.latest(policy, db)));
      if (!exists) throw new RegistrationError('unknown_policy');
      const name = target.kind === 'client' ? target.id : target.kind === 'resource' ? target.audience : '';
      if (unstorable.test(name) || !(await this.store.holdTarget(target, db))) {
        throw new RegistrationError(target.kind === 'client' ? 'unknown_client' : 'unknown_resource');
      }
      await this.store.attach(target, policy, db);
      await announce(db, changeOf(target));
    });
  }

  /** Takes the policy from a target and says whether it had one. */
  async detach(target: PolicyTarget, tx?: Transaction): Promise<boolean> {
    return this.within(tx, async (db) => {
      const detached = await this.store.detach(target, db);
      if (detached) await announce(db, changeOf(target));
      return detached;
    });
  }

  /** The name of the policy attached to a target, or null. */
  async attachedTo(target: PolicyTarget, tx?: Transaction): Promise<string | null> {
    return this.store.attachedTo(target, tx);
  }

  /** Which policies are attached to what, at most 10,000. */
  async attachments(): Promise<PolicyAttachment[]> {
    return this.store.attachments();
  }

  /** The shadow of a policy, or null. */
  async shadow(policy: string): Promise<PolicyShadow | null> {
    return this.shadows.find(policy);
  }

  /** Sets what is tried in shadow; one with the same timeouts as before keeps its beginning. */
  async setShadow(shadow: PolicyShadow, tx: Transaction): Promise<void> {
    await this.shadows.put(shadow, tx);
    await announce(tx, { kind: 'policies' });
  }

  /** Ends a shadow and says whether there was one. */
  async removeShadow(policy: string, tx: Transaction): Promise<boolean> {
    const wasThere = await this.shadows.remove(policy, tx);
    if (wasThere) await announce(tx, { kind: 'policies' });
    return wasThere;
  }

  private within<T>(tx: Transaction | undefined, work: (db: Transaction) => Promise<T>): Promise<T> {
    return tx ? work(tx) : retrying(() => this.prisma.$transaction(work));
  }
}
