import { randomUUID } from 'node:crypto';
import { EventLog } from '@curfew/events';
import { SilenceRecorder } from '@curfew/insight';
import { HotStatements, type PrismaService } from '@curfew/persistence';
import {
  type Instant,
  instant,
  plus,
  type RequestSignals,
  type SessionPolicy,
  seconds,
  unknownSignals,
} from '@curfew/session-policy';
import {
  effectivePolicy,
  type PolicyPlaces,
  policiesByPlace,
  trialOf,
} from '@curfew/session-policy/effective-policy';
import { profiles } from '@curfew/session-policy/settings';
import { type EffectivePolicy, placeOf, placeOutside, type ShadowLimits } from '@curfew/session-policy/trial';
import {
  BrowserSessionEnds,
  type CommittedRefresh,
  PolicySource,
  type Presenter,
  type RefusedRefresh,
  SessionService,
  Sweeper,
} from '@curfew/sessions';
import { type Alongside, type EndWriter, type SessionStore } from '@curfew/sessions/store';
import { KeyRing, newId, newSecret, RefreshTokenCodec, ServiceKeys } from '@curfew/tokens';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';
import { sessionStores } from '../support/session-stores.js';

/** Policies of the tests: one for everybody, which may change, and one per client where there is one. */
export class TestPolicies extends PolicySource {
  everyone: SessionPolicy = { ...profiles.standard.policy, deviceMismatch: 'off', ipChange: 'off' };
  readonly ofClients = new Map<string, SessionPolicy>();

  /** Shadows by client. */
  readonly shadows = new Map<string, ShadowLimits>();
  canarySince: Instant = instant(0);

  override effectivePolicy(clientId: string, _?: readonly string[], accountId?: string): EffectivePolicy {
    const own = this.ofClients.get(clientId) ?? this.everyone;
    const shadow = this.shadows.get(clientId);
    if (!shadow && own.canary === null) return own;
    const matching = { everyone: own, client: own };
    const place = accountId === undefined ? placeOutside : placeOf(accountId);
    const beside = { shadows: shadow ? [shadow] : [], canarySince: this.canarySince };
    return { trial: trialOf(matching, place, beside), ...effectivePolicy(matching, place) };
  }

  override async policiesByPlace(clientId: string): Promise<readonly PolicyPlaces[]> {
    return policiesByPlace({ everyone: this.ofClients.get(clientId) ?? this.everyone });
  }
}

/** One node: the engine as a server has it. */
export interface Node {
  readonly prisma: PrismaService;
  readonly store: SessionStore;
  readonly ends: EndWriter;
  readonly service: SessionService;
  readonly sweeper: Sweeper;
  readonly events: EventLog;
  readonly faults: unknown[];
  readonly silences: SilenceRecorder;
}

/** A sign-in as the tests know it. */
export interface SignedIn {
  readonly sid: string;
  readonly token: string;
  readonly accountId: string;
  readonly clientId: string;
}

/** The outcome of a presentation. */
export type Refreshed =
  | { readonly kind: 'token'; readonly token: string; readonly how: 'rotate' | 'keep' | 'replay' }
  | { readonly kind: 'sibling' }
  | { readonly kind: 'refused'; readonly decision: RefusedRefresh };

export const t0 = instant(Date.UTC(2030, 0, 1));
export const t = (count: number): Instant => instant(t0 + Math.round(count * 1000));

/** Two nodes on one database, with the time in the tests' hands. */
export class House {
  private constructor(
    readonly database: TestDatabase,
    readonly policies: TestPolicies,
    readonly nodes: readonly [Node, Node],
    private readonly statements: HotStatements,
  ) {}

  static async open(): Promise<House> {
    const database = await createTestDatabase();
    const policies = new TestPolicies();
    const settings = { CURFEW_DATABASE_POOL_SIZE: '6', CURFEW_DATABASE_CONNECT_TIMEOUT: '20s' };
    const statements = new HotStatements(database.configuration(settings), 4);
    const node = (hot: boolean): Node => {
      const prisma = database.prisma(settings);
      const silences = new SilenceRecorder(true);
      const faults: unknown[] = [];
      const report = (error: unknown) => faults.push(error);
      // One node has connections of its own for the hottest statements, the other shares those of Prisma.
      const own = hot ? { statements } : {};
      const { store, sweep, ends } = sessionStores(prisma, { silences, report, ...own });
      const codec = new RefreshTokenCodec(
        new KeyRing(new ServiceKeys(['s'.repeat(32)]).derive('refresh token mac')),
      );
      const events = new EventLog(prisma);
      const browserSessionEnds = new BrowserSessionEnds(prisma, ends);
      const service = new SessionService({
        ...{ store, browserSessionEnds, policies, codec, events, report, silences },
      });
      const merged = service.activity.merged.bind(service.activity);
      const sweeper = new Sweeper(sweep, policies, merged);
      return { prisma, store, ends, service, sweeper, events, faults, silences };
    };
    return new House(database, policies, [node(true), node(false)], statements);
  }

  async close(): Promise<void> {
    await this.statements.close();
    await this.database.drop();
  }

  async check(): Promise<void> {
    await assertInvariants(this.database);
  }

  /** A policy for one client, made from the standard one. */
  client(changes: Partial<SessionPolicy> = {}): string {
    const clientId = `client-${randomUUID()}`;
    this.policies.ofClients.set(clientId, { ...this.policies.everyone, ...changes });
    return clientId;
  }

  async signIn(
    facts: {
      clientId?: string;
      accountId?: string;
      at?: Instant;
      signals?: RequestSignals;
      keyThumbprint?: string;
      browser?: string;
      authenticatedAt?: Instant;
      offline?: boolean;
      alongside?: Alongside;
    } = {},
    node = 0,
  ): Promise<SignedIn> {
    const { accountId = randomUUID(), at = t0, signals = unknownSignals, offline = false } = facts;
    const clientId = facts.clientId ?? this.client();
    const { service } = this.nodes[node]!;
    const policy = await service.policyFor(clientId, [], accountId);
    const sid = newId(at);
    const secret = newSecret();
    await service.start(
      {
        facts: {
          id: sid,
          accountId,
          clientId,
          resources: [],
          signedInAt: at,
          authenticatedAt: null,
          keyThumbprint: facts.keyThumbprint ?? null,
          baseline: signals,
        },
        browserSessionUid: facts.browser ?? null,
        offline,
        authorization: {},
        authenticatedAt: facts.authenticatedAt ?? null,
        refreshTokenSecret: secret,
      },
      policy,
      at,
      facts.alongside ?? (async () => {}),
    );
    return { sid, accountId, clientId, token: service.refreshToken(sid, 0, secret) };
  }

  /** Presents a token, and commits what was staged. */
  async refresh(
    { clientId }: SignedIn,
    token: string,
    at: Instant,
    { node = 0, ...changes }: Partial<Presenter> & { node?: number } = {},
  ): Promise<Refreshed> {
    const { service } = this.nodes[node]!;
    const opened = await service.openRefreshToken(token);
    if (!opened) return { kind: 'refused', decision: { kind: 'refuse', reason: 'unknown_token' } };
    const presenter = { clientId, keyThumbprint: null, signals: unknownSignals, ...changes };
    const outcome = await service.present(opened, presenter, at);
    if (outcome.kind === 'refused') return outcome;
    const committed: CommittedRefresh = await outcome.staged.commit();
    if (committed.kind === 'refused') return committed;
    const { kind: how } = outcome.staged;
    const { refreshToken: handedOut } = committed;
    return how === 'sibling' || handedOut === undefined
      ? { kind: 'sibling' }
      : { kind: 'token', token: handedOut, how };
  }

  /** Presents a token that must be accepted; the token it was exchanged for. */
  async rotated(who: SignedIn, token: string, at: Instant, options: { node?: number } = {}): Promise<string> {
    const outcome = await this.refresh(who, token, at, options);
    if (outcome.kind !== 'token') throw new Error(`no refresh token: ${JSON.stringify(outcome)}`);
    return outcome.token;
  }

  /** Whether access tokens of the session stand; with `use`, that counts as use. */
  async stands({ sid }: SignedIn, at: Instant, { node = 0, use = false } = {}): Promise<boolean> {
    const { service } = this.nodes[node]!;
    const access = await service.access(sid, new Uint8Array(32), at);
    if (use && access) await service.used(access, at);
    return access?.decision.kind === 'active';
  }

  // biome-ignore lint/suspicious/noExplicitAny: columns as they are, judged by the assertions
  async row({ sid }: { sid: string }): Promise<any> {
    return (await this.database.query('SELECT * FROM session WHERE id = $1', [sid]))[0];
  }

  async endOf(who: { sid: string }): Promise<string | null> {
    return (await this.row(who)).end_reason;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as it was written, judged by the assertions
  async events({ sid }: { sid: string }, type: string): Promise<any[]> {
    const rows = await this.database.query<{ data: unknown }>(
      'SELECT data FROM event WHERE session_id = $1 AND type = $2 ORDER BY xid, id',
      [sid, type],
    );
    return rows.map(({ data }) => data);
  }

  plus(at: Instant, length: number): Instant {
    return plus(at, seconds(length));
  }
}
