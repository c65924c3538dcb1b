import {
  deadlineAfterActivity,
  type Instant,
  instant,
  type PresentedToken,
  parseDuration,
  plus,
  profiles,
  type RequestSignals,
  type Seconds,
  type Session,
  type SessionPolicy,
  started,
  unknownSignals,
} from './domain.js';

/** A Tuesday morning, at a whole second. */
export const t0 = instant(Date.UTC(2026, 0, 6, 9, 0, 0));

/** "90s", "12h" as seconds. */
export const lasting = (text: string): Seconds => {
  const parsed = parseDuration(text);
  if (parsed === null) throw new TypeError(`not a duration: ${text}`);
  return parsed;
};

/** The instant `text` after t0, give or take milliseconds. */
export const after = (text: string, milliseconds = 0): Instant =>
  instant(plus(t0, lasting(text)) + milliseconds);

export const aPolicy = (changes: Partial<SessionPolicy> = {}): SessionPolicy => ({
  ...profiles.standard.policy,
  ...changes,
});

export const someSignals: RequestSignals = {
  ip: '192.0.2.10',
  prefix: '192.0.2.0/24',
  asn: 64_500,
  country: 'DE',
  userAgentFamily: 'Firefox',
  operatingSystem: 'Linux',
  deviceId: 'device-1',
  tlsFingerprint: 'tls-1',
};

export const signals = (changes: Partial<RequestSignals> = {}): RequestSignals => ({
  ...someSignals,
  ...changes,
});

/** The session after activity at that instant, its written deadline moved with it. */
const agedTo = (at: Instant | undefined, session: Session, policy: SessionPolicy): Session =>
  at === undefined
    ? session
    : { ...session, lastActiveAt: at, expiresAt: deadlineAfterActivity(session, policy, at) };

/** A session signed in at t0 under the standard policy, or the one given. */
export const aSession = (changes: Partial<Session> = {}, policy = aPolicy()): Session => ({
  ...agedTo(
    changes.lastActiveAt,
    started(
      {
        id: '0190a000-0000-7000-8000-000000000001',
        accountId: 'account-1',
        clientId: 'client-1',
        resources: [],
        signedInAt: t0,
        authenticatedAt: null,
        keyThumbprint: null,
        baseline: someSignals,
      },
      policy,
    ),
    policy,
  ),
  ...changes,
});

/** A session at generation 3 that was rotated at t0 + 1 min. */
export const aRotatedSession = (changes: Partial<Session> = {}): Session =>
  aSession({ generation: 3, rotatedAt: after('1m'), lastActiveAt: after('1m'), ...changes });

/** The token of a generation of the session, as its holder presents it. */
export const tokenOf = (
  session: Session,
  generation = session.generation,
  changes: Partial<PresentedToken> = {},
): PresentedToken => ({
  generation,
  matches:
    generation === session.generation
      ? 'current'
      : generation === session.generation - 1
        ? 'previous'
        : 'none',
  clientId: session.clientId,
  keyThumbprint: session.keyThumbprint,
  signals: session.baseline,
  ...changes,
});

export const nothingKnown = unknownSignals;
