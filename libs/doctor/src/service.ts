import { type Finding, fine, noted, wrong } from './finding.js';

/** Looks whether every signing key can be read, and whether one signs. */
export function checkKeys(keys: readonly { readonly alg: string; readonly state: string }[]): Finding {
  const unreadable = keys.filter(({ state }) => state === 'unreadable').length;
  const signing = keys.filter(({ state }) => state === 'signing').map(({ alg }) => alg);
  if (unreadable > 0)
    return wrong(
      'signing keys',
      `${unreadable} cannot be read`,
      'a key-encryption secret they were sealed under is missing',
    );
  return signing.length === 0
    ? wrong('signing keys', 'none signs', 'start the authorization server')
    : fine('signing keys', `signing: ${[...new Set(signing)].join(', ')}`);
}

/** Looks whether the ends of sessions are recorded. */
export const checkWork = (sessions: {
  readonly live: number;
  readonly unsettledMassEnds: number;
}): Finding =>
  sessions.unsettledMassEnds === 0
    ? fine('sessions', `${sessions.live} live, every end recorded`)
    : noted('sessions', `${sessions.live} live; ${sessions.unsettledMassEnds} mass end(s) being recorded`);

/** Looks whether mail is sent. */
export const checkMail = (mail: {
  readonly waiting: number;
  readonly failing: number;
  readonly oldestMs: number;
  readonly lastCause: string | null;
}): Finding =>
  mail.failing === 0
    ? fine('mail', mail.waiting === 0 ? 'none waits' : `${mail.waiting} about to be sent`)
    : wrong(
        'mail',
        `${mail.failing} could not be sent, the oldest ${Math.round(mail.oldestMs / 60_000)} minutes ago (${mail.lastCause})`,
        'look at the mail server and CURFEW_SMTP_URL; each is tried again until it expires',
      );

/** Looks whether the client secrets of identity providers open, without which nobody can sign in with them. */
export const checkProviders = (providers: {
  readonly enabled: number;
  readonly unreadable: readonly string[];
}): Finding =>
  providers.unreadable.length > 0
    ? wrong(
        'identity providers',
        `the client secret does not open: ${providers.unreadable.join(', ')}`,
        'a key-encryption secret that it was sealed under is missing; bring it back, or give client_secret anew',
      )
    : fine(
        'identity providers',
        providers.enabled === 0 ? 'none' : `${providers.enabled} can be signed in with`,
      );

/** Looks whether somebody who should be told of events was not. */
export function checkReceivers(
  receivers: readonly { readonly name: string; readonly status: string; readonly dead: number }[],
): Finding {
  const failed = receivers.filter(({ dead }) => dead > 0);
  if (failed.length > 0)
    return noted(
      'receivers',
      `deliveries were given up: ${failed.map(({ name, dead }) => `${dead} to ${name}`).join(', ')}`,
      'mend the receiver, then send them again',
    );
  const silent = receivers.filter(({ status }) => status !== 'enabled');
  return silent.length > 0
    ? noted('receivers', `${silent.map(({ name, status }) => `${name} is ${status}`).join(', ')}`)
    : fine('receivers', receivers.length === 0 ? 'none' : `${receivers.length} told of events`);
}

/** Looks whether those that are enabled to tell of security events can be heard: whether their headers open, and whether polls are answered. */
export function checkTransmitters({
  opened,
  unreadable,
}: {
  readonly opened: readonly {
    readonly transmitter: {
      readonly id: string;
      readonly pollFailures: number;
      readonly pollFault: string | null;
    };
  }[];
  readonly unreadable: readonly string[];
}): Finding {
  if (unreadable.length > 0)
    return wrong(
      'transmitters',
      `the header does not open: ${unreadable.join(', ')}`,
      'a key-encryption secret that it was sealed under is missing; bring it back, or give authorization anew',
    );
  const failing = opened.flatMap(({ transmitter }) => (transmitter.pollFailures > 0 ? [transmitter] : []));
  if (failing.length > 0)
    return wrong(
      'transmitters',
      `could not be polled: ${failing.map(({ id, pollFault }) => `${id} (${pollFault})`).join(', ')}`,
      'what they tell of ends nothing here until they answer: look at their address, header and keys',
    );
  return fine('transmitters', opened.length === 0 ? 'none' : `${opened.length} heard`);
}
