import { endReasonEntry } from '@curfew/session-policy';
import type { Compose, StoredEvent } from '../delivery/delivery.js';
import type { SignJwt } from '../delivery/logout-token.js';
import type { SecretSeal } from '../delivery/webhook.js';
import { isExcluded } from './subjects.js';

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
/** SSF 1.0 §8.1.4: the event that a receiver asks for to see that its stream works. */
export const verificationEvent = 'https://schemas.openid.net/secevent/ssf/event-type/verification';
/** SETs are signed so that every receiver can check them (CAEP interoperability profile §2.6). */
export const setAlgorithm = 'RS256';

type Data = StoredEvent['data'];
interface Translation {
  readonly uri: string;
  /** The event's own claims; null where this event says nothing of the kind. */
  readonly claims: (data: Data) => Readonly<Record<string, unknown>> | null;
}

const entryOf = (data: Data) => endReasonEntry(data.reason ?? '');

/** CAEP 1.0 §2: the initiator. A client that revokes does what its person wants done. */
function initiator(data: Data): 'admin' | 'user' | 'policy' | 'system' {
  switch ((data['by'] as { kind?: string } | undefined)?.kind) {
    case 'administrator':
      return 'admin';
    case 'user':
    case 'client':
      return 'user';
    case 'system':
      return 'system';
    case 'policy':
      return 'policy';
    default:
      return entryOf(data).initiator;
  }
}

/** The changes of an account that change what it proves itself with; RFC 8176 and CAEP have no name of their own for a one-time password. */
const credentialChanges: Readonly<
  Record<string, { readonly credential_type: string; readonly change_type: string }>
> = {
  password_changed: { credential_type: 'password', change_type: 'update' },
  second_factor_added: { credential_type: 'app', change_type: 'create' },
  second_factor_removed: { credential_type: 'app', change_type: 'delete' },
  passkey_added: { credential_type: 'fido2-platform', change_type: 'create' },
  security_key_added: { credential_type: 'fido2-roaming', change_type: 'create' },
  passkey_removed: { credential_type: 'fido2-platform', change_type: 'delete' },
  security_key_removed: { credential_type: 'fido2-roaming', change_type: 'delete' },
};

/** The CAEP interoperability profile §3.2 asks for a sentence. */
const reasonOfChange = ({ credential_type, change_type }: { credential_type: string; change_type: string }) =>
  `${credentialWords[credential_type]} of the account was ${changeWords[change_type]}.`;
const credentialWords: Readonly<Record<string, string>> = {
  password: 'The password',
  app: 'An authenticator app',
  'fido2-platform': 'A passkey',
  'fido2-roaming': 'A security key',
};
const changeWords: Readonly<Record<string, string>> = {
  create: 'added',
  update: 'changed',
  delete: 'removed',
};

/** Our events in the words of CAEP and RISC. */
const translations: Readonly<Record<string, readonly Translation[]>> = {
  'session.ended': [
    {
      uri: `${caep}session-revoked`,
      claims: (data) => ({ initiating_entity: initiator(data), reason_admin: { en: entryOf(data).meaning } }),
    },
  ],
  'session.started': [
    {
      uri: `${caep}session-established`,
      claims: () => ({ initiating_entity: 'user', reason_admin: { en: 'A person signed in.' } }),
    },
  ],
  'session.step_up_required': [
    {
      uri: `${caep}assurance-level-change`,
      claims: () => ({
        namespace: 'urn:curfew:step-up',
        current_level: 'step_up_required',
        change_direction: 'decrease',
        initiating_entity: 'policy',
        reason_admin: { en: 'The circumstances changed; the person must sign in again.' },
      }),
    },
  ],
  'session.stepped_up': [
    {
      uri: `${caep}assurance-level-change`,
      claims: () => ({
        namespace: 'urn:curfew:step-up',
        current_level: 'stepped_up',
        change_direction: 'increase',
        initiating_entity: 'user',
        reason_admin: { en: 'The person signed in again.' },
      }),
    },
  ],
  'account.changed': [
    { uri: `${risc}account-disabled`, claims: ({ change }) => (change === 'disabled' ? {} : null) },
    {
      // CAEP 1.0 §3.3.
      uri: `${caep}credential-change`,
      claims: (data) => {
        const changed = credentialChanges[String(data['change'])];
        if (!changed) return null;
        return {
          ...changed,
          initiating_entity: initiator(data),
          reason_admin: { en: reasonOfChange(changed) },
        };
      },
    },
  ],
};

/** The event types that can be asked for, by their URIs. */
export const offeredEvents: readonly string[] = [
  ...new Set(Object.values(translations).flatMap((all) => all.map(({ uri }) => uri))),
];

/** Our own types behind URIs; unknown ones are left out. */
export const typesBehind = (uris: readonly string[]): string[] =>
  Object.entries(translations).flatMap(([type, all]) =>
    all.some(({ uri }) => uris.includes(uri)) ? [type] : [],
  );

/** The claims of a stream's tokens that name the stream. */
export interface StreamIdentity {
  readonly issuer: string;
  readonly audience: string;
  /** The event types it asked for, by their URIs; all of them unless given. */
  readonly requested?: unknown;
}

/**
 * The claims of a security event token (RFC 8417 §2.2): one event, no `sub`, no `exp`; `txn` is the same in all tokens about one
 * cause (SSF "SET profile"). Null for an event that CAEP has no word for.
 */
export function setClaims(
  { issuer, audience, requested }: StreamIdentity,
  jti: string,
  event: StoredEvent,
  issuedAt: number,
): Readonly<Record<string, unknown>> | null {
  const asked = Array.isArray(requested) ? (requested as string[]) : offeredEvents;
  const all = Object.hasOwn(translations, event.type) ? (translations[event.type] ?? []) : [];
  const translation = all.find(({ uri, claims }) => asked.includes(uri) && claims(event.data) !== null);
  const own = translation?.claims(event.data);
  if (!translation || !own) return null;
  const user = event.accountId ? { user: { format: 'iss_sub', iss: issuer, sub: event.accountId } } : {};
  const session = event.sessionId ? { session: { format: 'opaque', id: event.sessionId } } : {};
  const timestamp = Math.floor(event.at / 1000);
  const because = event.data['because'];
  return {
    iss: issuer,
    aud: audience,
    iat: issuedAt,
    jti,
    txn: typeof because === 'string' ? because : event.id,
    sub_id: { format: 'complex', ...session, ...user },
    events: { [translation.uri]: { event_timestamp: timestamp, ...own } },
  };
}

/** The id of the token of a delivery: the same in every attempt. */
export const setId = (deliveryId: string): string => `set-${deliveryId}`;

/** The delivery behind an id; null for what this service did not make. */
export const deliveryBehind = (jti: string): string | null => /^set-(\d{1,18})$/.exec(jti)?.[1] ?? null;

/** Push delivery (RFC 8935 §2.1). */
export const composePush =
  (issuer: string, sign: SignJwt, seal: SecretSeal): Compose =>
  async ({ id, target, event }, now) => {
    if (isExcluded(target.settings, event)) return null;
    const { aud, eventsRequested: requested } = target.settings;
    const identity = { issuer, audience: String(aud), requested };
    const claims = setClaims(identity, setId(id), event, Math.floor(now / 1000));
    if (!claims) return null;
    const body = await sign('secevent+jwt', setAlgorithm, claims);
    const authorization = target.secrets[0] && seal.open(target.secrets[0], target.id);
    return { headers: { ...pushHeaders, ...(authorization && { authorization }) }, body };
  };

/** The headers of every pushed token. */
export const pushHeaders = {
  'content-type': 'application/secevent+jwt',
  accept: 'application/json',
} as const;
