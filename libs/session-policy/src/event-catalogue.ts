import type { EventType } from './events.js';

/** The meaning of an event, and whether it commits with its cause or may be written a moment later. */
export interface EventEntry {
  /** One sentence, as the documentation prints it. */
  readonly meaning: string;
  /**
   * 'with_cause': in the transaction of what it tells, so neither exists without the other.
   * 'batched': frequent and without consequence; written in batches, the last of which a crash may lose.
   * 'counted': only how often it happened is written, in rows that cover a minute at most and are no part of the sealed history (ADR 49).
   */
  readonly written: 'with_cause' | 'batched' | 'counted';
}

const withCause = (meaning: string): EventEntry => ({ meaning, written: 'with_cause' });
const batched = (meaning: string): EventEntry => ({ meaning, written: 'batched' });
const counted = (meaning: string): EventEntry => ({ meaning, written: 'counted' });

/** The closed list of events. Documentation, filters and checks of stored events read it from here. */
export const eventCatalogue: { readonly [T in EventType]: EventEntry } = {
  'session.started': withCause('An account signed in with a client; a session and its two clocks begin.'),
  'session.start_refused': withCause(
    'A sign-in got no session, because the account has as many as its policy allows.',
  ),
  'sessions.refreshed': counted(
    'Refresh tokens of a client were used as intended, so many at one node within a minute.',
  ),
  'session.refresh_retried': batched(
    'A client asked again within the retry window and got the same successor.',
  ),
  'session.refresh_refused': withCause('A genuine refresh token was refused and the session left as it was.'),
  'session.reuse_found': withCause(
    'A superseded refresh token was used: stolen, or kept by mistake; the evidence says which is likelier.',
  ),
  'session.risk_observed': batched(
    'The circumstances of a request differ from the sign-in, and the policy only watches.',
  ),
  'session.step_up_required': withCause(
    'The circumstances changed; the person must sign in again before the session goes on.',
  ),
  'session.stepped_up': withCause('The person signed in again; the new circumstances are the baseline now.'),
  'session.ended': withCause('A session is over, for the one reason given.'),
  'sessions.ended_together': withCause(
    'Everything an account, a client or everyone had authorized until now is over.',
  ),
  'token.unknown': counted(
    'Something was presented that this service never issued, or cannot read any more.',
  ),
  'request.refused': counted(
    'A request was refused for a cause that an attack could have; it is counted by cause, client and address.',
  ),
  'token.revoked': withCause('A single access token was revoked before its time; its session goes on.'),
  'code.reuse_found': withCause(
    'An authorization code was redeemed twice; the session that its first use started is ended.',
  ),
  'signin.succeeded': withCause('A person proved who they are.'),
  'signin.failed': counted('An attempt to sign in failed.'),
  'signin.ended': withCause(
    'A browser is signed out: its cookie signs nobody in any more, for the one reason given.',
  ),
  'consent.withdrawn': withCause('An account withdrew its consent to a client.'),
  'account.changed': withCause(
    'An account was created, disabled, enabled, deleted, or its password changed.',
  ),
  'client.changed': withCause('A client was created or changed, or its secrets were.'),
  'resource.changed': withCause('An API was registered, changed or removed.'),
  'policy.changed': withCause('A policy has a new version or applies somewhere else.'),
  'policy.adapted': withCause(
    'The adaptation of a policy took a step, proposed one, took one back, or was stopped.',
  ),
  'key.rotated': withCause('A signing key reached the next step of its life.'),
  'admin.acted': withCause('An operator did something, or was refused it.'),
  'alert.raised': withCause('A pattern that looks like an attack passed its threshold.'),
  'delivery.failed': withCause(
    'An event could not be delivered to a receiver and waits to be sent again by hand.',
  ),
  'service.restored': withCause(
    'The database came back from a backup; everything authorized before is over.',
  ),
};

/** Every event type, in the order they are documented. */
export const eventTypes = Object.keys(eventCatalogue) as readonly EventType[];

/** Whether a string names an event of the closed list. */
export const isEventType = (name: string): name is EventType => Object.hasOwn(eventCatalogue, name);

/** Whether only the number of these events is written, outside the sealed history. */
export const isCounted = (type: EventType): boolean => eventCatalogue[type].written === 'counted';
