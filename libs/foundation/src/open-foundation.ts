import type { Hashing } from '@curfew/accounts';
import { ArtifactStore, UpstreamSessions } from '@curfew/artifacts';
import { ClientService, fetchedUriFault, PolicyService, Registry, ResourceService } from '@curfew/clients';
import { ClientHosts } from '@curfew/clients/client-documents';
import { DisciplinedClock, installAsProcessTime } from '@curfew/clock';
import type { Configuration } from '@curfew/config';
import { databaseClock, HotStatements, openGuard, PrismaService } from '@curfew/persistence';
import { takeRestoreStep } from '@curfew/sessions/store';
import { SignalsReader } from '@curfew/signals';
import {
  AccessTokenCodec,
  KeyRing,
  KeyStore,
  keySettings,
  PayloadSeal,
  RefreshTokenCodec,
  receiverSeal,
  ServiceKeys,
} from '@curfew/tokens';
import type { Logger } from 'pino';
import { engineOn } from './engine.js';
import { peopleOn } from './people.js';

/** Options that differ between the processes of one installation. */
export interface FoundationOptions {
  /** The name under which a process that serves is remembered; a command has none. */
  readonly process: string | undefined;
  /** Connections for the hottest statements, and for those of sign-ins where they shall not wait for each other. */
  readonly connections: { readonly hot: number; readonly signIns?: number };
  /** Hashes passwords elsewhere than in this process. */
  readonly hashing?: Hashing;
}

/** Everything that a process of the service stands on. */
export type Foundation = Awaited<ReturnType<typeof openFoundation>>;

/**
 * Connects to the database, starts the clock, and builds the parts that every process needs. Everything that two processes must agree
 * on (keys, seals, retention, registration rules) is derived from the configuration here and nowhere else.
 */
export async function openFoundation(configuration: Configuration, log: Logger, options: FoundationOptions) {
  const connected = await connect(configuration, log, options);
  const { guard, prisma, hot, signIns, clock } = connected;
  const serviceKeys = new ServiceKeys(configuration.keyEncryptionSecrets.map((secret) => secret.reveal()));
  const ring = (purpose: string) => new KeyRing(serviceKeys.derive(purpose));
  const signals = await openSignals(configuration);
  const registrationRules = { allowPrivateAddresses: configuration.mode !== 'production' };
  const refreshTokens = new RefreshTokenCodec(ring('refresh token mac'));
  const registry = new Registry(prisma, clock);
  const seal = new PayloadSeal(ring('protocol artifact'));
  const keyStore = new KeyStore(prisma, serviceKeys, keySettings(configuration.signingKeys));
  const artifacts = new ArtifactStore(prisma, seal, signIns);
  const engine = engineOn({ configuration, prisma, hot, refreshTokens, registry, log });
  let restoreTime = (): void => {};
  return {
    configuration,
    log,
    ...connected,
    serviceKeys,
    signals,
    ...peopleOn(configuration, { ...connected, serviceKeys }, options.hashing),
    registry,
    registrationRules,
    ...registeredOn(configuration, connected, registrationRules),
    keyStore,
    seal,
    artifacts,
    upstreamSessions: new UpstreamSessions(artifacts, engine.browsers),
    accessTokens: new AccessTokenCodec(ring('access token')),
    refreshTokens,
    receiverSeal: receiverSeal(serviceKeys),
    /** The fault of an address to which this service would send events, or null. */
    receiverAddressFault: (address: string) =>
      fetchedUriFault(address, configuration.delivery.allowPrivateAddresses),
    ...engine,

    /** Lets the time of this process follow the database, and reads the signing keys. */
    async begin(): Promise<void> {
      restoreTime = installAsProcessTime(clock);
      await keyStore.load(clock.now());
    },

    /** Closes everything, in the order in which nothing needs what is closed already. */
    async close(): Promise<void> {
      clock.stop();
      await engine.announcer.settle();
      await guard.stop();
      await hot.close();
      if (signIns !== hot) await signIns.close();
      await prisma.$disconnect();
      restoreTime();
    },
  };
}

/** The registers that operators keep. */
const registeredOn = (
  { clientDocuments, adminUrl }: Configuration,
  { prisma, clock }: Pick<Awaited<ReturnType<typeof connect>>, 'prisma' | 'clock'>,
  rules: { readonly allowPrivateAddresses: boolean },
) => ({
  clients: new ClientService({ prisma, clock, rules }),
  clientHosts: new ClientHosts(prisma, clock, { ...rules, isOn: clientDocuments, adminApi: adminUrl }),
  resources: new ResourceService(prisma, clock),
  policies: new PolicyService(prisma, clock),
});

async function connect(configuration: Configuration, log: Logger, options: FoundationOptions) {
  const { database, virtualClock } = configuration;
  const guard = await openGuard(database, {
    process: options.process,
    log,
    takeStep: async () => void (await takeRestoreStep(configuration, { onlyIfLost: true })),
  });
  const prisma = new PrismaService(database, undefined, guard);
  const clock = new DisciplinedClock(databaseClock(prisma, { virtualClock }), {
    // A moved virtual clock is announced; this is the net under the announcement.
    intervalMs: virtualClock ? 2_000 : 30_000,
    onFailure: (err) =>
      log.warn({ err }, 'the database clock could not be read; time goes on by the last measurement'),
  });
  await clock.start();
  const hot = new HotStatements(database, options.connections.hot, guard);
  const { signIns: count } = options.connections;
  const signIns = count === undefined ? hot : new HotStatements(database, count, guard);
  guard.start(hot);
  return { guard, prisma, clock, hot, signIns };
}

const openSignals = ({ proxy, maxmind }: Configuration): Promise<SignalsReader> =>
  SignalsReader.open({
    trustedHops: proxy.trustedHops,
    deviceIdHeader: proxy.deviceHeader,
    tlsFingerprintHeader: proxy.tlsFingerprintHeader,
    asnDatabase: maxmind.asn,
    countryDatabase: maxmind.country,
  });
