import {
  AccountService,
  ConsentService,
  defaultSignInLimits,
  type Hashing,
  PasswordHasher,
  Profiles,
  SignInThrottle,
  Throttle,
} from '@curfew/accounts';
import { Passkeys, relyingPartyOf, SecondFactors } from '@curfew/accounts/factors';
import { IdentityProviders, LinkedIdentities } from '@curfew/accounts/identity-providers';
import type { Clock } from '@curfew/clock';
import type { Configuration } from '@curfew/config';
import { Transmitters } from '@curfew/events/transmitters';
import { LetterComposer, MailStore, OneTimeLinks } from '@curfew/mail';
import type { HotStatements, PrismaService } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import { type ServiceKeys, secretSeal } from '@curfew/tokens';

interface Connected {
  readonly prisma: PrismaService;
  readonly clock: Clock;
  readonly signIns: HotStatements;
  readonly serviceKeys: ServiceKeys;
}

/** Accounts, their passwords and what they allowed. */
export function peopleOn(
  configuration: Configuration,
  { prisma, clock, signIns, serviceKeys }: Connected,
  hashing: Hashing | undefined,
) {
  const { memoryBytes, passes, parallelism, concurrency, queue } = configuration.hashing;
  const hasher = new PasswordHasher(
    { memoryCost: memoryBytes / 1024, timeCost: passes, parallelism, concurrency, queue },
    hashing,
  );
  const throttle = new Throttle(prisma, clock, signIns);
  const accounts = new AccountService({
    prisma,
    hot: signIns,
    clock,
    hasher,
    throttle: new SignInThrottle(throttle, signInLimits(configuration)),
    rules: { shortest: configuration.passwords.minLength, longest: configuration.passwords.maxBytes },
  });
  const passkeys = new Passkeys({
    prisma,
    hot: signIns,
    clock,
    throttle,
    relyingParty: relyingPartyOf(configuration.issuer),
    challengeKeys: serviceKeys.derive('passkey challenge').map(({ key }) => key),
    name: new URL(configuration.issuer).host,
  });
  const secondFactors = new SecondFactors({
    prisma,
    clock,
    throttle,
    passkeys,
    seal: secretSeal(serviceKeys, 'second factor'),
    codeKeys: serviceKeys.derive('recovery code').map(({ key }) => key),
    issuer: new URL(configuration.issuer).host,
  });
  const profiles = new Profiles(prisma, signIns);
  const links = new OneTimeLinks(prisma, clock);
  return {
    accounts,
    consents: new ConsentService(prisma, clock, signIns),
    throttle,
    passkeys,
    secondFactors,
    profiles,
    identities: new LinkedIdentities(prisma),
    identityProviders: new IdentityProviders(prisma, secretSeal(serviceKeys, 'identity provider')),
    transmitters: new Transmitters(prisma, secretSeal(serviceKeys, 'transmitter')),
    links,
    mails: new MailStore(prisma, secretSeal(serviceKeys, 'mail')),
    letters: new LetterComposer({ accounts, profiles, links, issuer: configuration.issuer }),
  };
}

function signInLimits({ throttles: { signIn, signInNetwork } }: Configuration) {
  const limit = (rate: { count: number; window: number }) => ({
    count: rate.count,
    window: seconds(rate.window),
  });
  return { ...defaultSignInLimits, place: limit(signIn), network: limit(signInNetwork) };
}
