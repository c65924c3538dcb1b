import {
  AccountService,
  ConsentService,
  defaultSignInLimits,
  PasswordHasher,
  SignInThrottle,
  Throttle,
} from '@curfew/accounts';
import { ClientService, PolicyService, Registry, ResourceService } from '@curfew/clients';
import { DisciplinedClock } from '@curfew/clock';
import type { Configuration } from '@curfew/config';
import { EventLog } from '@curfew/events';
import { ArtifactStore, KeyStore, keySettings, PayloadSeal } from '@curfew/oidc';
import { databaseClock, HotStatements, openGuard, PrismaService } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import {
  AccessTokenCodec,
  BrowserSessionEnds,
  BrowserSessionQueries,
  KeyRing,
  PolicySource,
  PrismaSessionStore,
  RefreshTokenCodec,
  ServiceKeys,
  SessionQueries,
  SessionService,
  takeRestoreStep,
} from '@curfew/sessions';
import { SignalsReader } from '@curfew/signals';
import type { Logger } from 'pino';

/** Policies as the registry has them. */
class RegistryPolicies extends PolicySource {
  constructor(private readonly registry: Registry) {
    super();
  }

  override effectivePolicy(clientId: string, resources: readonly string[]) {
    return this.registry.effectivePolicy(clientId, resources);
  }
}

/**
 * Connects to the database, starts the clock, and builds the rooms the admin API is about. `process` is the name under which a process that
 * serves is remembered; a command has none.
 */
export async function layFoundation(configuration: Configuration, log: Logger, process?: string) {
  const guard = await openGuard(configuration.database, {
    process,
    log,
    takeStep: async () => void (await takeRestoreStep(configuration, { onlyIfLost: true })),
  });
  const prisma = new PrismaService(configuration.database, undefined, guard);
  const clock = new DisciplinedClock(databaseClock(prisma, { virtualClock: configuration.virtualClock }), {
    intervalMs: configuration.virtualClock ? 2_000 : 30_000,
    onFailure: (err) =>
      log.warn({ err }, 'the database clock could not be read; time goes on by the last measurement'),
  });
  await clock.start();
  const serviceKeys = new ServiceKeys(configuration.keyEncryptionSecrets.map((secret) => secret.reveal()));
  const { proxy, maxmind } = configuration;
  const signals = await SignalsReader.open({
    trustedHops: proxy.trustedHops,
    asnDatabase: maxmind.asn,
    countryDatabase: maxmind.country,
  });
  const rules = { allowPrivateAddresses: configuration.mode !== 'production' };
  const hot = new HotStatements(configuration.database, 1, guard);
  guard.start(hot);
  return {
    configuration,
    log,
    guard,
    prisma,
    clock,
    serviceKeys,
    signals,
    accounts: accountService(configuration, prisma, clock),
    consents: new ConsentService(prisma, clock),
    clients: new ClientService({ prisma, clock, rules }),
    resources: new ResourceService(prisma, clock),
    policies: new PolicyService(prisma, clock),
    keyStore: new KeyStore(prisma, serviceKeys, keySettings(configuration.signingKeys)),
    artifacts: new ArtifactStore(
      prisma,
      new PayloadSeal(new KeyRing(serviceKeys.derive('protocol artifact'))),
      hot,
    ),
    hot,
    accessTokens: new AccessTokenCodec(new KeyRing(serviceKeys.derive('access token'))),
    ...engine(configuration, prisma, clock, serviceKeys, log),
  };
}

/** What everything else stands on. */
export type Foundation = Awaited<ReturnType<typeof layFoundation>>;

function engine(
  configuration: Configuration,
  prisma: PrismaService,
  clock: DisciplinedClock,
  serviceKeys: ServiceKeys,
  log: Logger,
) {
  const registry = new Registry(prisma, clock);
  const policySource = new RegistryPolicies(registry);
  const events = new EventLog(prisma);
  const retention = { ended: seconds(configuration.endedSessionRetention) };
  const sessions = new SessionService({
    store: new PrismaSessionStore(prisma, retention),
    browserSessionEnds: new BrowserSessionEnds(prisma, retention),
    policies: policySource,
    codec: new RefreshTokenCodec(new KeyRing(serviceKeys.derive('refresh token mac'))),
    events,
    report: (err) => log.error({ err }, 'activity could not be written; it is kept and tried again'),
  });
  const browsers = new BrowserSessionQueries(prisma, policySource);
  return { registry, events, sessions, browsers, queries: new SessionQueries(prisma, policySource) };
}

function accountService(
  { hashing, passwords }: Configuration,
  prisma: PrismaService,
  clock: DisciplinedClock,
): AccountService {
  const hasher = new PasswordHasher({
    memoryCost: hashing.memoryBytes / 1024,
    timeCost: hashing.passes,
    parallelism: hashing.parallelism,
    concurrency: hashing.concurrency,
    queue: hashing.queue,
  });
  // Nobody signs in here, so the throttle of sign-ins is never asked.
  const throttle = new SignInThrottle(new Throttle(prisma, clock), defaultSignInLimits);
  const rules = { shortest: passwords.minLength, longest: passwords.maxBytes };
  return new AccountService({ prisma, clock, hasher, throttle, rules });
}
