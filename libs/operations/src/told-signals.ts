import type { ToldSignal, ToldSubject, Transmitter, Transmitters } from '@curfew/events/transmitters';
import type { Transaction } from '@curfew/persistence';
import type { Actor } from '@curfew/session-policy';
import { accountEvent } from '@curfew/sessions';
import { inTransaction, type OperationParts } from './author.js';
import { endEverything } from './end-sessions.js';

/** The outcome of a signal: everything of the account ended, it had done so before, nobody here is meant, or nothing was to be done. */
export type SignalOutcome = 'ended' | 'repeated' | 'unknown_subject' | 'no_action';

/** The dependencies, beside those of every operation. */
export interface SignalParts extends OperationParts {
  readonly transmitters: Transmitters;
}

/** The service itself ends what it was told to end; the event names the transmitter. */
const by: Actor = { kind: 'system', id: null, ip: null };

/**
 * Ends everything of the person of whom a transmitter tells, once for each token, and records it with the reason that the transmitter gave. A
 * person it may not speak of is nobody; so is everyone once the transmitter was switched off or taken away.
 * @throws TransmitterChanged where it has other settings by now
 */
export async function actOnSignal(
  parts: SignalParts,
  transmitter: Transmitter,
  { signal, subject, jti, rememberUntil, reason }: ToldSignal,
): Promise<SignalOutcome> {
  if (signal === null) return 'no_action';
  const accountId = subject && (await accountOf(parts, transmitter, subject));
  if (!accountId) return 'unknown_subject';
  const work = async (tx: Transaction): Promise<SignalOutcome> => {
    if (!(await parts.transmitters.hold(transmitter, tx))) return 'no_action';
    if (!(await parts.transmitters.use(transmitter.issuer, jti, rememberUntil, tx))) return 'repeated';
    const target = { kind: 'account', target: accountId } as const;
    const note = `${transmitter.id}: ${signal}${reason === null ? '' : `: ${reason}`}`;
    const { at } = await endEverything(parts, target, 'signal_received', { by, note }, tx);
    // A text about a person: an erasure takes it out of the event by this name.
    const told = { transmitter: transmitter.id, signal, jti, note: reason, by };
    await parts.events.record([accountEvent(accountId, 'signal.received', told, at)], tx);
    return 'ended';
  };
  return inTransaction(parts, { by }, undefined, work);
}

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
