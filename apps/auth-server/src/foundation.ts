import {
  AccountService,
  ConsentService,
  defaultSignInLimits,
  PasswordHasher,
  SignInThrottle,
  Throttle,
} from '@curfew/accounts';
import { Registry } from '@curfew/clients';
import { DisciplinedClock } from '@curfew/clock';
import type { Configuration } from '@curfew/config';
import { databaseClock, HotStatements, openGuard, PrismaService } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import { ServiceKeys, takeRestoreStep } from '@curfew/sessions';
import { SignalsReader } from '@curfew/signals';
import type { Logger } from 'pino';
import type { Foundation } from './protocol.js';
import type { Surroundings } from './surroundings.js';

/** The foundation with what must be started and stopped about it. */
export interface LaidFoundation extends Foundation {
  readonly clock: DisciplinedClock;
  readonly hasher: PasswordHasher;
}

/** Connects to the database, starts the clock, and builds what everything else stands on. */
export async function layFoundation(
  configuration: Configuration,
  log: Logger,
  { hashing, worker }: Pick<Surroundings, 'hashing' | 'worker'>,
): Promise<LaidFoundation> {
  const guard = await openGuard(configuration.database, {
    process: `auth-server-${configuration.listen.auth.port}${worker === undefined ? '' : `-${worker}`}`,
    log,
    takeStep: async () => void (await takeRestoreStep(configuration, { onlyIfLost: true })),
  });
  const prisma = new PrismaService(configuration.database, undefined, guard);
  const clock = new DisciplinedClock(databaseClock(prisma, { virtualClock: configuration.virtualClock }), {
    // A moved virtual clock is announced; this is the net under the announcement.
    intervalMs: configuration.virtualClock ? 2_000 : 30_000,
    onFailure: (err) =>
      log.warn({ err }, 'the database clock could not be read; time goes on by the last measurement'),
  });
  await clock.start();
  const serviceKeys = new ServiceKeys(configuration.keyEncryptionSecrets.map((secret) => secret.reveal()));
  // Apart from those of token requests: whoever asks for many authorizations does not stand in the way of refreshes.
  const signIns = new HotStatements(configuration.database, 3, guard);
  const throttle = new Throttle(prisma, clock, signIns);
  const { memoryBytes, passes, parallelism, concurrency, queue } = configuration.hashing;
  const hasher = new PasswordHasher(
    { memoryCost: memoryBytes / 1024, timeCost: passes, parallelism, concurrency, queue },
    hashing,
  );
  const accounts = new AccountService({
    prisma,
    hot: signIns,
    clock,
    hasher,
    throttle: new SignInThrottle(throttle, signInLimits(configuration)),
    rules: { shortest: configuration.passwords.minLength, longest: configuration.passwords.maxBytes },
  });
  // Two batches of reads and two of rotations are under way at most.
  const hot = new HotStatements(configuration.database, configuration.database.introspectionPoolSize, guard);
  guard.start(hot);
  return {
    configuration,
    guard,
    prisma,
    hot,
    signIns,
    clock,
    serviceKeys,
    registry: new Registry(prisma, clock),
    accounts,
    consents: new ConsentService(prisma, clock, signIns),
    throttle,
    signals: await openSignals(configuration),
    log,
    hasher,
  };
}

function signInLimits({ throttles: { signIn, signInNetwork } }: Configuration) {
  const limit = (rate: { count: number; window: number }) => ({
    count: rate.count,
    window: seconds(rate.window),
  });
  return { ...defaultSignInLimits, place: limit(signIn), network: limit(signInNetwork) };
}

const openSignals = ({ proxy, maxmind }: Configuration): Promise<SignalsReader> =>
  SignalsReader.open({
    trustedHops: proxy.trustedHops,
    deviceIdHeader: proxy.deviceHeader,
    tlsFingerprintHeader: proxy.tlsFingerprintHeader,
    asnDatabase: maxmind.asn,
    countryDatabase: maxmind.country,
  });
