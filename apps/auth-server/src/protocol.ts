import { createHash } from 'node:crypto';
import type { AccountService, ConsentService, Throttle } from '@curfew/accounts';
import type { Registry } from '@curfew/clients';
import type { Clock } from '@curfew/clock';
import type { Configuration } from '@curfew/config';
import { EndConfirmation, EventLog, FeedNodeStore } from '@curfew/events';
import {
  ArtifactStore,
  BrowserSessionStore,
  ClientDirectory,
  Interactions,
  type KeySet,
  metadataMaxAge,
  PayloadSeal,
  type ProtocolPages,
  ProtocolServer,
  RateBuckets,
  RefreshThrottle,
} from '@curfew/oidc';
import {
  type DatabaseGuard,
  type HotStatements,
  isDatabaseUnavailable,
  type PrismaService,
} from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import {
  AccessTokenCodec,
  BrowserSessionEnds,
  BrowserSessionQueries,
  BrowserSessionSweeper,
  HotSessionStore,
  KeyRing,
  PolicySource,
  PrismaSweepStore,
  RefreshTokenCodec,
  type ServiceKeys,
  SessionQueries,
  SessionService,
  Sweeper,
} from '@curfew/sessions';
import type { SignalsReader } from '@curfew/signals';
import type { Logger } from 'pino';
import { basePathOf } from './base-path.js';

/** What the session engine and the protocol stand on. */
export interface Foundation {
  readonly configuration: Configuration;
  readonly guard: DatabaseGuard;
  readonly prisma: PrismaService;
  /** Connections of their own for the hottest statements. */
  readonly hot: HotStatements;
  readonly signIns: HotStatements;
  readonly clock: Clock;
  readonly serviceKeys: ServiceKeys;
  readonly registry: Registry;
  readonly accounts: AccountService;
  readonly consents: ConsentService;
  readonly throttle: Throttle;
  readonly signals: SignalsReader;
  readonly log: Logger;
}

/** Two batches under way keep the database busy while the next one gathers; larger ones would only make their members wait. */
const batches = { inFlight: 2, largest: 64 };

/** Policies as the registry has them. */
class RegistryPolicies extends PolicySource {
  constructor(private readonly registry: Registry) {
    super();
  }

  override effectivePolicy(clientId: string, resources: readonly string[]) {
    return this.registry.effectivePolicy(clientId, resources);
  }
}

/** The session engine: the one writer, the queries for people, and the sweeper. */
export function assembleSessions({ configuration, prisma, hot, serviceKeys, registry, log }: Foundation) {
  const policies = new RegistryPolicies(registry);
  const retention = { ended: seconds(configuration.endedSessionRetention) };
  const events = new EventLog(prisma);
  const browserSessionEnds = new BrowserSessionEnds(prisma, retention);
  const sessions = new SessionService({
    store: new HotSessionStore(prisma, retention, hot, batches),
    browserSessionEnds,
    policies,
    codec: new RefreshTokenCodec(new KeyRing(serviceKeys.derive('refresh token mac'))),
    events,
    report: (err) => log.error({ err }, 'activity could not be written; it is kept and tried again'),
  });
  const queries = new SessionQueries(prisma, policies);
  const sweeper = new Sweeper(new PrismaSweepStore(prisma, retention), policies, (session) =>
    sessions.activity.merged(session),
  );
  const browsers = new BrowserSessionQueries(prisma, policies);
  const browserSweeper = new BrowserSessionSweeper(prisma, policies, retention);
  return { sessions, queries, browsers, sweeper, events, browserSessionEnds, browserSweeper };
}

/** What is counted in the memory of this node, because counting it in the database would cost as much as what it guards. */
function callerThrottles({ configuration: { throttles }, serviceKeys }: Foundation) {
  const tokens = new RefreshTokenCodec(new KeyRing(serviceKeys.derive('refresh token mac')));
  const limit = ({ count, window }: typeof throttles.refresh) => ({ count, window: seconds(window) });
  return {
    refreshThrottle: new RefreshThrottle(
      limit(throttles.refresh),
      (token) => tokens.decode(token)?.sessionId,
    ),
    introspections: new RateBuckets(limit(throttles.introspection)),
  };
}

/** oidc-provider around the session engine, with the stores of what it keeps beside sessions. */
export function assembleProtocol(
  foundation: Foundation,
  {
    sessions,
    queries,
    browserSessionEnds,
  }: Pick<ReturnType<typeof assembleSessions>, 'sessions' | 'queries' | 'browserSessionEnds'>,
  pages: ProtocolPages,
  keys: KeySet,
) {
  const {
    configuration,
    prisma,
    signIns,
    clock,
    serviceKeys,
    registry,
    accounts,
    consents,
    throttle,
    signals,
    log,
  } = foundation;
  const seal = new PayloadSeal(new KeyRing(serviceKeys.derive('protocol artifact')));
  const artifacts = new ArtifactStore(prisma, seal, signIns);
  const browserSessions = new BrowserSessionStore(prisma, seal, signIns);
  const clients = new ClientDirectory(registry, throttle, clock, configuration.throttles.client as never);
  const { cookies } = configuration;
  const server = new ProtocolServer(
    {
      issuer: configuration.issuer,
      basePath: basePathOf(configuration.issuer),
      clock,
      sessions,
      queries,
      accessTokens: new AccessTokenCodec(new KeyRing(serviceKeys.derive('access token'))),
      artifacts,
      browserSessions,
      browserSessionEnds,
      accounts,
      consents,
      clients,
      pages,
      signals,
      cookies,
      keys: {
        cookies: serviceKeys.derive('cookies').map(({ key }) => key.toString('base64url')),
        // Nonces live for minutes, so the newest secret alone makes them; it is 32 bytes by definition of HKDF's length.
        dpopNonce: createHash('sha256').update(serviceKeys.derive('dpop nonce')[0]!.key).digest(),
      },
      metadataMaxAge: metadataMaxAge(configuration.signingKeys.publishAhead),
      certificateHeader: configuration.proxy.clientCertificateHeader,
      allowInsideAddresses: configuration.mode !== 'production',
      advisesDevelopers: configuration.mode === 'development',
      throttle,
      confirmEnd: () => new EndConfirmation(new FeedNodeStore(prisma), clock).confirm(),
      ...callerThrottles(foundation),
      userCodeGuesses: configuration.throttles.userCode as never,
      isUnavailable: isDatabaseUnavailable,
      report: (err, subject) => log.error({ err }, subject),
    },
    keys,
  );
  const interactions = new Interactions(server, clients, consents, { sessions, browserSessions }, cookies);
  return { server, interactions, artifacts, browserSessions, clients };
}
