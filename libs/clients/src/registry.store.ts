import {
  Batcher,
  type HotStatement,
  isDatabaseUnavailable,
  milliseconds,
  type PrismaService,
} from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { Client, ClientMetadata, StoredSecret } from './client.js';
import { PolicyStore } from './policy.store.js';
import { type PolicyRevision, profileRevisions } from './policy-revision.js';
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

/** The policies in force, by name, and the one attached to everyone. */
export interface KnownPolicies {
  /** The ready profiles, and policies of one's own. */
  readonly byName: ReadonlyMap<string, PolicyRevision>;
  readonly everyone: string | null;
  /** Shadows by the name of their policy. */
  readonly shadows: ReadonlyMap<string, PolicyShadow>;
  /** Whether anything is tried at all, in shadow or in a canary. */
  readonly hasTrials: boolean;
}

/** How many reads of clients are under way at most, and how many clients are in one. */
const clientLimits = { inFlight: 2, largest: 200 };

/** A client with its secrets and its policy; all of it is one read, because a server with a thousand clients reads hundreds a second. */
const clientsStatement: HotStatement = {
  name: 'registry_clients',
  text: `
    SELECT c.id, c.name, c.metadata, c.resource, ${milliseconds('c.disabled_at')}, c.first_run, c.version,
      ${milliseconds('c.created_at')}, ${milliseconds('c.updated_at')}, ${milliseconds('c.document_fresh_until')},
      (SELECT a.policy FROM policy_attachment a WHERE a.kind = 'client' AND a.target = c.id),
      (SELECT jsonb_agg(jsonb_build_object('id', s.id, 'hash', encode(s.hash, 'hex'), 'createdAt', ${milliseconds('s.created_at')},
        'expiresAt', ${milliseconds('s.expires_at')}) ORDER BY s.created_at DESC) FROM client_secret s WHERE s.client_id = c.id)
    FROM client c WHERE c.id = ANY($1::text[])`,
};

interface SecretRow {
  readonly id: string;
  /** Hexadecimal. */
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

type KnownClientRow = [
  id: string,
  name: string,
  metadata: ClientMetadata,
  resource: string | null,
  disabledAt: number | null,
  firstRun: boolean,
  version: number,
  createdAt: number,
  updatedAt: number,
  documentFreshUntil: number | null,
  policy: string | null,
  secrets: SecretRow[] | null,
];

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
    const rows = await this.prisma.direct.run<KnownClientRow>(clientsStatement, [ids]);
    const byId = new Map(rows.map((row) => [row[0], knownClient(row)]));
    return ids.map((id) => byId.get(id) ?? null);
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
    const [own, everyone, shadows] = await Promise.all([
      store.allLatest(),
      store.attachedTo({ kind: 'everyone' }),
      new ShadowStore(this.prisma).all(),
    ]);
    const revisions = [...own, ...profileRevisions()];
    return {
      byName: new Map(revisions.map((revision) => [revision.name, revision])),
      everyone,
      shadows: new Map(shadows.map((shadow) => [shadow.policy, shadow])),
      hasTrials: shadows.length > 0 || revisions.some(({ policy }) => policy.canary !== null),
    };
  }
}

function knownClient(row: KnownClientRow): KnownClient {
  const [
    id,
    name,
    metadata,
    resource,
    disabledAt,
    firstRun,
    version,
    createdAt,
    updatedAt,
    freshUntil,
    ...more
  ] = row;
  const [policy, secrets] = more;
  return {
    id,
    name,
    metadata,
    resource,
    disabledAt: disabledAt === null ? null : moment(disabledAt),
    firstRun,
    version,
    createdAt: moment(createdAt),
    updatedAt: moment(updatedAt),
    ...(freshUntil === null ? {} : { documentFreshUntil: moment(freshUntil) }),
    secrets: (secrets ?? []).map(knownSecret),
    policy,
  };
}

const knownSecret = ({ id, hash, createdAt, expiresAt }: SecretRow): StoredSecret => ({
  id,
  hash: Buffer.from(hash, 'hex'),
  createdAt: moment(createdAt),
  expiresAt: expiresAt === null ? null : moment(expiresAt),
});

const moment = (value: number): Instant => instant(Math.round(value));
