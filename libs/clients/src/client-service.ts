import { randomUUID } from 'node:crypto';
import type { Clock } from '@curfew/clock';
import { type PrismaService, retrying, type Transaction } from '@curfew/persistence';
import { earliest, type Instant, plus, type Seconds, seconds } from '@curfew/session-policy';
import {
  type Client,
  type ClientMetadata,
  type ClientSecretInfo,
  hashSecret,
  isActive,
  isClientId,
  newSecret,
  usesSecret,
  verifySecret,
} from './client.js';
import { ClientStore } from './client.store.js';
import { type CheckedRegistration, checkRegistration, idFault, registrationOf } from './client-rules.js';
import type { ClientRegistration, RegistrationRules } from './client-schema.js';
import { RegistrationError } from './registration-error.js';
import { announce } from './registry-channel.js';
import { unstorable } from './searched-text.js';
import { weakenedBy } from './weakening.js';

/** A client with what was generated for it; the secret is shown here once and is stored nowhere. */
export interface RegisteredClient {
  readonly client: Client;
  readonly secret: string | null;
}

/** A client that was changed, with what about the change weakens what it was given before; see `weakenedBy`. */
export interface ChangedClient extends RegisteredClient {
  readonly weakened: readonly (keyof ClientMetadata)[];
}

/** A client with its secrets, without what they are. */
export interface ClientDetails {
  readonly client: Client;
  readonly secrets: readonly ClientSecretInfo[];
}

/** One page of clients in the order of their ids; `next` is the `after` of the following page. */
export interface ClientPage {
  readonly clients: readonly Client[];
  readonly next: string | null;
}

interface ClientQuestion {
  readonly after?: string | null;
  readonly search?: string;
  readonly ids?: readonly string[];
  readonly limit?: number;
}

/** Members to change; null takes a member back to its default. */
export type ClientChange = {
  readonly [Member in keyof ClientRegistration]?: ClientRegistration[Member] | null;
};

/** Collaborators of ClientService. */
export interface ClientServiceParts {
  readonly prisma: PrismaService;
  readonly clock: Clock;
  readonly rules: RegistrationRules;
}

const largestPage = 200;
const maxOverlap = seconds(90 * 86_400);

/** For how long the old secret is accepted beside the new one, unless told otherwise. */
export const secretOverlap = seconds(24 * 3600);

/**
 * Registered clients. Every change is announced to all processes in its own transaction. It knows nothing of sessions: a caller that
 * disables or deletes a client passes a transaction and ends the sessions in it.
 */
export class ClientService {
  private readonly store: ClientStore;

  constructor(private readonly parts: ClientServiceParts) {
    this.store = new ClientStore(parts.prisma);
  }

  /** Registers a client, with a generated id unless one is given; throws RegistrationError. */
  async create(
    registration: ClientRegistration,
    options: { id?: string; firstRun?: boolean } = {},
    tx?: Transaction,
  ): Promise<RegisteredClient> {
    const checked = checkRegistration(registration, this.parts.rules);
    const { id = randomUUID(), firstRun = false } = options;
    const fault = idFault(id);
    if (fault !== null) throw new RegistrationError('invalid_client_metadata', [fault]);
    return this.within(tx, async (db) => {
      await this.requireResources(checked, db);
      const client = await this.store.insert(
        { id, firstRun, registration: checked },
        this.parts.clock.now(),
        db,
      );
      const secret = usesSecret(client.metadata.token_endpoint_auth_method)
        ? await this.addSecret(id, db)
        : null;
      await announce(db, { kind: 'client', id });
      return { client, secret };
    });
  }

  /**
   * Changes members of the registration that was read as `version`; throws RegistrationError. A client that now needs a secret gets
   * one, and the secrets of one that needs none any more are gone. If the result names something weakened, the caller MUST end the
   * client's sessions in the same transaction.
   */
  async update(id: string, change: ClientChange, version: number, tx?: Transaction): Promise<ChangedClient> {
    return this.within(tx, async (db) => {
      const before = await this.store.hold(id, db);
      if (before.version !== version) throw new RegistrationError('version_conflict');
      const merged = { ...registrationOf(before), ...change };
      const given = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
      const checked = checkRegistration(given, this.parts.rules);
      await this.requireResources(checked, db);
      const client = await this.store.replace(id, checked, this.parts.clock.now(), db);
      const secret = await this.adjustSecrets(before, client, db);
      await announce(db, { kind: 'client', id });
      return { client, secret, weakened: weakenedBy(before.metadata, client.metadata) };
    });
  }

  /** Keeps until when the document that introduced the client need not be read again. */
  async keepDocument(id: string, freshUntil: Instant, tx: Transaction): Promise<void> {
    await this.store.keepDocument(id, freshUntil, tx);
    await announce(tx, { kind: 'client', id });
  }

  /** Refuses the client from now on; one that is disabled already keeps its instant. Throws RegistrationError. */
  async disable(id: string, tx?: Transaction): Promise<Client> {
    return this.within(tx, async (db) => {
      const before = await this.store.hold(id, db);
      if (before.disabledAt !== null) return before;
      const now = this.parts.clock.now();
      const client = await this.store.setDisabled(id, now, now, db);
      await announce(db, { kind: 'client', id });
      return client;
    });
  }

  /** Accepts the client again; revives no session. Throws RegistrationError. */
  async enable(id: string, tx?: Transaction): Promise<Client> {
    return this.within(tx, async (db) => {
      const before = await this.store.hold(id, db);
      if (before.disabledAt === null) return before;
      const client = await this.store.setDisabled(id, null, this.parts.clock.now(), db);
      await announce(db, { kind: 'client', id });
      return client;
    });
  }

  /** Deletes the client, its secrets and the attachment of its policy; throws RegistrationError. */
  async delete(id: string, tx?: Transaction): Promise<void> {
    await this.within(tx, async (db) => {
      await this.store.hold(id, db);
      await this.store.remove(id, db);
      await announce(db, { kind: 'client', id });
    });
  }

  /** The client with its secrets' dates, straight from the database, or null; any text may be asked for. */
  async find(id: string, tx?: Transaction): Promise<ClientDetails | null> {
    const client = isClientId(id) ? await this.store.find(id, tx) : null;
    if (!client) return null;
    const now = this.parts.clock.now();
    const secrets = (await this.store.secrets(id, tx)).filter((secret) => isActive(secret, now));
    return {
      client,
      secrets: secrets.map(({ id, createdAt, expiresAt }) => ({ id, createdAt, expiresAt })),
    };
  }

  /** The ids of its secrets that have ended by their clock and are still remembered. */
  async expiredSecrets(id: string, tx?: Transaction): Promise<readonly string[]> {
    const now = this.parts.clock.now();
    return (await this.store.secrets(id, tx))
      .filter((secret) => !isActive(secret, now))
      .map((secret) => secret.id);
  }

  /**
   * One page in the order of ids: at most `limit` (200) clients after `after` whose id or name contains `search`, among those of `ids`
   * where it is given.
   */
  async list(query: ClientQuestion = {}): Promise<ClientPage> {
    const limit = Math.max(1, Math.min(query.limit ?? 50, largestPage));
    const after = query.after ?? null;
    const search = query.search || null;
    if ((after !== null && !isClientId(after)) || (search !== null && unstorable.test(search))) {
      return { clients: [], next: null };
    }
    const rows = await this.store.page({ after, search, ids: query.ids ?? null }, limit + 1);
    const clients = rows.slice(0, limit);
    return { clients, next: rows.length > limit ? (clients.at(-1)?.id ?? null) : null };
  }

  /** The clients that were made at the first start, by id; production refuses to run with any. */
  async firstRun(tx?: Transaction): Promise<Client[]> {
    return this.store.firstRun(tx);
  }

  /** Whether `presented` is an active secret of the client, straight from the database. */
  async checkSecret(id: string, presented: string, tx?: Transaction): Promise<boolean> {
    const secrets = isClientId(id) ? await this.store.secrets(id, tx) : [];
    return verifySecret({ secrets }, presented, this.parts.clock.now());
  }

  /**
   * Generates a new secret, returned once. The newest old one is accepted for `overlap` seconds more, so that two are active
   * while the client changes over; any older one is gone at once. Throws RegistrationError.
   */
  async rollOverSecret(id: string, overlap: Seconds = secretOverlap, tx?: Transaction): Promise<string> {
    const length = seconds(Math.max(0, Math.min(overlap, maxOverlap)));
    return this.within(tx, async (db) => {
      const client = await this.store.hold(id, db);
      if (!usesSecret(client.metadata.token_endpoint_auth_method))
        throw new RegistrationError('no_secret_in_use');
      const now = this.parts.clock.now();
      const [newest, ...older] = (await this.store.secrets(id, db)).sort(
        (a, b) => Number(isActive(b, now)) - Number(isActive(a, now)),
      );
      const gone = newest && length === 0 ? [newest, ...older] : older;
      await this.store.removeSecrets(
        id,
        gone.map((secret) => secret.id),
        db,
      );
      if (newest && length > 0) {
        await this.store.expireSecret(
          newest.id,
          earliest(plus(now, length), newest.expiresAt ?? plus(now, length)),
          db,
        );
      }
      const secret = await this.addSecret(id, db);
      await announce(db, { kind: 'client', id });
      return secret;
    });
  }

  /** Ends one secret at once, whether it was to expire or not; throws RegistrationError. */
  async endSecret(id: string, secretId: string, tx?: Transaction): Promise<void> {
    await this.within(tx, async (db) => {
      await this.store.hold(id, db);
      const known = (await this.store.secrets(id, db)).some((secret) => secret.id === secretId);
      if (!known) throw new RegistrationError('unknown_secret');
      await this.store.removeSecrets(id, [secretId], db);
      await announce(db, { kind: 'client', id });
    });
  }

  private async adjustSecrets(before: Client, after: Client, db: Transaction): Promise<string | null> {
    const needed = usesSecret(after.metadata.token_endpoint_auth_method);
    const had = usesSecret(before.metadata.token_endpoint_auth_method);
    if (had && !needed) await this.store.removeSecrets(after.id, 'all', db);
    return needed && !had ? this.addSecret(after.id, db) : null;
  }

  private async addSecret(id: string, db: Transaction): Promise<string> {
    const secret = newSecret();
    const row = { id: randomUUID(), clientId: id, hash: hashSecret(secret) };
    await this.store.addSecret(row, this.parts.clock.now(), db);
    return secret;
  }

  private async requireResources(
    { metadata, resource }: CheckedRegistration,
    db: Transaction,
  ): Promise<void> {
    const exchanged = (metadata.token_exchange ?? []).map((right) => right.resource);
    const named = [...metadata.resources, ...exchanged, ...(resource === null ? [] : [resource])];
    if (named.length === 0) return;
    const known = await this.store.holdResources(named, db);
    const violations = metadata.resources.flatMap((audience, index) =>
      known.has(audience) ? [] : [`resources[${index}] must name a registered resource`],
    );
    violations.push(
      ...exchanged.flatMap((audience, index) =>
        known.has(audience) ? [] : [`token_exchange[${index}].resource must name a registered resource`],
      ),
    );
    if (resource !== null && !known.has(resource))
      violations.push('resource must name a registered resource');
    if (violations.length > 0) throw new RegistrationError('unknown_resource', violations);
  }

  private within<T>(tx: Transaction | undefined, work: (db: Transaction) => Promise<T>): Promise<T> {
    return tx ? work(tx) : retrying(() => this.parts.prisma.$transaction(work));
  }
}
