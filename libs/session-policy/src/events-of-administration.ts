import type { Actor } from './event-causes.js';
import { withCause } from './event-entry.js';
import type { Instant, Seconds } from './time.js';

/** All that is said of each event of accounts, registrations, policies, keys and the service, in the order in which events are documented. */
export const eventsOfAdministration = {
  'consent.withdrawn': withCause<{ readonly by: Actor }>('An account withdrew its consent to a client.'),
  'account.changed': withCause<{
    readonly change:
      | 'created'
      | 'disabled'
      | 'enabled'
      | 'deleted'
      | 'password_changed'
      | 'password_required'
      | 'invited'
      | 'email_verified'
      | 'profile_changed'
      | 'renamed'
      | 'second_factor_added'
      | 'second_factor_removed'
      | 'passkey_added'
      | 'security_key_added'
      | 'passkey_removed'
      | 'security_key_removed'
      | 'second_step_changed'
      | 'recovery_codes_renewed'
      | 'recovery_code_used'
      | 'browser_remembered'
      | 'browsers_forgotten'
      | 'identity_linked'
      | 'identity_unlinked'
      | 'identity_allowed'
      | 'erased';
    readonly by: Actor;
    /** With `erased`: the content of each seal behind which events were changed, in hexadecimal. */
    readonly seals?: Readonly<Record<string, string>>;
  }>('An account was created, disabled, enabled, deleted, or its password changed.'),
  'client.changed': withCause<{
    readonly change:
      | 'created'
      | 'changed'
      | 'disabled'
      | 'enabled'
      | 'deleted'
      | 'secret_added'
      | 'secret_removed';
    readonly fields: readonly string[];
    readonly by: Actor;
  }>('A client was created or changed, or its secrets were.'),
  'resource.changed': withCause<{
    readonly audience: string;
    readonly change: 'created' | 'changed' | 'deleted';
    readonly fields: readonly string[];
    readonly by: Actor;
  }>('An API was registered, changed or removed.'),
  'policy.changed': withCause<{
    readonly policy: string;
    readonly version: number;
    readonly change: 'created' | 'changed' | 'attached' | 'detached' | 'deleted';
    readonly attachment: {
      readonly kind: 'everyone' | 'client' | 'resource';
      readonly target: string;
    } | null;
    readonly settings: readonly string[];
    readonly by: Actor;
  }>('A policy has a new version or applies somewhere else.'),
  'policy.adapted': withCause<{
    readonly policy: string;
    /** The revision that the step wrote; null where it wrote none. */
    readonly version: number | null;
    readonly step:
      | 'proposed'
      | 'staged'
      | 'lengthened'
      | 'finished'
      | 'rolled_back'
      | 'abandoned'
      | 'declined'
      | 'stopped';
    readonly from: Seconds | null;
    readonly to: Seconds | null;
    /** The share of the accounts under the new timeout, in per cent, where a stage begins. */
    readonly share: number | null;
    readonly reasons: readonly string[];
    /** The figures that the step rests on. */
    readonly numbers: Readonly<Record<string, number>>;
    readonly by: Actor;
  }>('The adaptation of a policy took a step, proposed one, took one back, or was stopped.'),
  'key.rotated': withCause<{
    readonly kid: string;
    readonly alg: string;
    readonly step: 'created' | 'activated' | 'retired' | 'removed';
    readonly by: Actor;
  }>('A signing key reached the next step of its life.'),
  'admin.acted': withCause<{
    /** Stable name of the operation, as in the OpenAPI document. */
    readonly operation: string;
    readonly target: string | null;
    readonly outcome: 'done' | 'refused' | 'failed';
    /** How many things it touched, where that is a number. */
    readonly count: number | null;
    readonly note: string | null;
    readonly by: Actor;
  }>('An operator did something, or was refused it.'),
  'alert.raised': withCause<{
    readonly pattern: string;
    readonly severity: 'low' | 'medium' | 'high';
    readonly observed: number;
    readonly threshold: number;
    readonly window: Seconds;
    readonly subjects: readonly string[];
    readonly action: 'record' | 'throttle' | 'end';
    /** Present if the action is to throttle: the networks held back, and until when. */
    readonly throttled?: { readonly networks: readonly string[]; readonly until: Instant };
  }>('A pattern that looks like an attack passed its threshold.'),
  'delivery.failed': withCause<{
    readonly endpoint: string;
    readonly eventId: string;
    readonly attempts: number;
    readonly cause: string;
  }>('An event could not be delivered to a receiver and waits to be sent again by hand.'),
  'service.restored': withCause<{ readonly epoch: number; readonly notBefore: Instant }>(
    'The database came back from a backup; everything authorized before is over.',
  ),
};
