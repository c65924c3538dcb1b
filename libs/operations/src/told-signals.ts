import type { UpstreamSessions } from '@curfew/artifacts';
import type { ToldSignal, ToldSubject, Transmitter, Transmitters } from '@curfew/events/transmitters';
import type { Transaction } from '@curfew/persistence';
import type { Actor } from '@curfew/session-policy';
import { accountEvent } from '@curfew/sessions';
import { type Author, inTransaction, type OperationParts } from './author.js';
import { endEverything } from './end-sessions.js';
import { endOfUpstream } from './upstream-ends.js';

/**
 * The outcome of a signal: its subject ended, that had been done before, nothing here came of the session that it names, nobody here is
 * meant, or nothing was to be done.
 */
export type SignalOutcome = 'ended' | 'repeated' | 'unknown_session' | 'unknown_subject' | 'no_action';

/** The dependencies, beside those of every operation. */
export interface SignalParts extends OperationParts {
  readonly transmitters: Transmitters;
  readonly upstreamSessions: UpstreamSessions;
}

/** The service itself ends what it was told to end; the event names the transmitter. */
const by: Actor = { kind: 'system', id: null, ip: null };

/**
 * Ends everything of the person of whom a transmitter tells, or what came of the one session there that it names, once for each token, and
 * records it with the reason that the transmitter gave. A person it may not speak of is nobody; so is everyone once the transmitter was
 * switched off or taken away.
 * @throws TransmitterChanged where it has other settings by now
 */
export async function actOnSignal(
  parts: SignalParts,
  transmitter: Transmitter,
  told: ToldSignal,
): Promise<SignalOutcome> {
  if (told.signal === null) return 'no_action';
  const accountId = told.subject && (await accountOf(parts, transmitter, told.subject));
  const { session } = told;
  if (!accountId && !(session && maySpeakOf(transmitter, told))) return 'unknown_subject';
  const work = async (tx: Transaction): Promise<SignalOutcome> => {
    if (!(await parts.transmitters.hold(transmitter, tx))) return 'no_action';
    // A repetition writes nothing: it would hold up whoever has come from there since.
    if (!accountId) return endOfSession(parts, transmitter, told, null, tx);
    if (!(await isFirst(parts, transmitter, told, tx))) return 'repeated';
    if (session && (await isComparable(parts, transmitter, told, accountId, tx)))
      return endOfSession(parts, transmitter, told, accountId, tx);
    return endOfAccount(parts, transmitter, told, accountId, tx);
  };
  return inTransaction(parts, { by }, undefined, work);
}

async function endOfAccount(
  parts: SignalParts,
  transmitter: Transmitter,
  told: ToldSignal,
  accountId: string,
  tx: Transaction,
): Promise<SignalOutcome> {
  const target = { kind: 'account', target: accountId } as const;
  const { at } = await endEverything(parts, target, 'signal_received', authorOf(transmitter, told), tx);
  await parts.events.record([accountEvent(accountId, 'signal.received', dataOf(transmitter, told), at)], tx);
  return 'ended';
}

/** Whether the session that is named can be one of that issuer, by a name that ID tokens have. */
const isNamed = ({ subjectIssuer }: Transmitter, { session }: ToldSignal): boolean =>
  session?.id !== undefined && (session.issuer ?? subjectIssuer) === subjectIssuer;

/**
 * Whether the name of the session says which of the sessions of an account it is. One that no ID token can have, or that of a provider whose ID
 * tokens have none, says nothing of what came of it here, so that the signal is about all of the account.
 */
async function isComparable(
  { identities, upstreamSessions }: SignalParts,
  transmitter: Transmitter,
  told: ToldSignal,
  accountId: string,
  tx: Transaction,
): Promise<boolean> {
  if (!isNamed(transmitter, told)) return false;
  const { subjectIssuer: issuer } = transmitter;
  const own = (await identities.ofAccount(accountId, tx)).filter((one) => one.issuer === issuer);
  const subjects = own.map(({ subject }) => subject);
  return !(await upstreamSessions.areUnnamed(issuer, subjects, accountId, tx));
}

/**
 * Ends what came of one session there, as its logout token would: in the account that is named beside it, since all members of a subject
 * describe it together (CAEP 1.0 §3.1). A session that nothing here came of ends nothing: the rest of its person is in no question. A session
 * that is over stays over, so that a token that finds neither it nor its person needs no row to count once.
 */
async function endOfSession(
  parts: SignalParts,
  transmitter: Transmitter,
  told: ToldSignal,
  accountId: string | null,
  tx: Transaction,
): Promise<SignalOutcome> {
  const { issuer: sender, subjectIssuer: issuer } = transmitter;
  if (!accountId) {
    if (!isNamed(transmitter, told)) return 'unknown_subject';
    if (await parts.transmitters.isUsed(sender, told.jti, tx)) return 'repeated';
  }
  const end = {
    ...{ issuer, sessionId: told.session!.id, toldAt: told.issuedAt, accountId },
    subject: told.subject?.format === 'iss_sub' ? told.subject.subject : undefined,
  };
  const over = await endOfUpstream(parts, end, authorOf(transmitter, told), tx);
  const people = new Set([...over.sessions, ...over.browserSessions].map((one) => one.accountId));
  if (!accountId) {
    if (people.size === 0) return 'unknown_subject';
    if (!(await isFirst(parts, transmitter, told, tx))) return 'repeated';
  }
  const session = people.size > 0 ? 'ended' : 'unknown';
  if (people.size === 0 && accountId) people.add(accountId);
  const data = { ...dataOf(transmitter, told), session } as const;
  const now = parts.clock.now();
  await parts.events.record(
    [...people].map((id) => accountEvent(id, 'signal.received', data, now)),
    tx,
  );
  return session === 'ended' ? 'ended' : 'unknown_session';
}

const isFirst = (
  { transmitters }: SignalParts,
  { issuer }: Transmitter,
  { jti, rememberUntil }: ToldSignal,
  tx: Transaction,
): Promise<boolean> => transmitters.use(issuer, jti, rememberUntil, tx);

const authorOf = ({ id }: Transmitter, { signal, reason }: ToldSignal): Author => ({
  by,
  note: `${id}: ${signal}${reason === null ? '' : `: ${reason}`}`,
});

/** The reason is a text about a person: an erasure takes it out of the event by the name of its member. */
const dataOf = ({ id }: Transmitter, { signal, jti, reason }: ToldSignal) => ({
  ...{ transmitter: id, signal: signal!, jti, note: reason, by },
});

/** Whether a session may be looked for: the person beside it, where one is named as an identity, must be of the issuer that is agreed. */
const maySpeakOf = ({ subjectIssuer }: Transmitter, { subject }: ToldSignal): boolean =>
  subject?.format !== 'iss_sub' || subject.issuer === subjectIssuer;

async function accountOf(
  { identities, profiles, accounts }: SignalParts,
  { subjectIssuer, matchesEmail }: Transmitter,
  subject: ToldSubject,
): Promise<string | null> {
  const id =
    subject.format === 'email'
      ? matchesEmail && (await profiles.accountOfVerified(subject.email))
      : subject.issuer === subjectIssuer && (await identities.accountOf(subject));
  return id && (await accounts.findById(id)) ? id : null;
}
