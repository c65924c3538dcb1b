import type { Transmitter, WrittenTransmitter } from './transmitter-queries.js';

type Signal = NonNullable<WrittenTransmitter['signals']>[number];

/** The settings of a transmitter as they are typed. */
export interface TypedTransmitter {
  readonly id: string;
  readonly issuer: string;
  readonly audience: string;
  readonly delivery: 'push' | 'poll';
  /** Left out where it pushes. */
  readonly endpoint_url: string;
  /** Empty where it is polled by one header; left out where it pushes. */
  readonly token_endpoint: string;
  readonly client_id: string;
  readonly token_scope: string;
  /** Empty where the one that is kept stays. */
  readonly authorization: string;
  /** Empty where its metadata names it. */
  readonly jwks_uri: string;
  /** Empty where it is its own issuer. */
  readonly subject_issuer: string;
  readonly signals: readonly string[];
  readonly matches_email: boolean;
  readonly enabled: boolean;
}

/** The titles of the members. */
export const names = {
  id: 'Id',
  issuer: 'Issuer',
  audience: 'Audience',
  delivery: 'Delivery',
  endpoint_url: 'Address that is polled',
  token_endpoint: 'Token endpoint',
  client_id: 'Client id',
  token_scope: 'Scope that is asked for',
  authorization: 'Authorization header or client secret',
  jwks_uri: 'Address of its keys',
  subject_issuer: 'Issuer of its people',
  signals: 'Signals that end sessions',
  matches_email: 'Find people by address',
  enabled: 'Heard',
} as const satisfies Record<keyof TypedTransmitter, string>;

/** Every signal that ends something. */
export const signals: readonly Signal[] = [
  'session-revoked',
  'credential-change',
  'account-disabled',
  'account-purged',
];

/** A new one. */
export const nothing: TypedTransmitter = {
  ...{ id: '', issuer: '', audience: '', endpoint_url: '', authorization: '' },
  delivery: 'push',
  ...{ token_endpoint: '', client_id: '', token_scope: '' },
  ...{ jwks_uri: '', subject_issuer: '', signals, matches_email: false, enabled: true },
};

/** One that is known, as it is typed. */
export const typedOf = (one: Transmitter): TypedTransmitter => ({
  id: one.id,
  issuer: one.issuer,
  audience: one.audience,
  delivery: one.delivery === 'poll' ? 'poll' : 'push',
  endpoint_url: one.endpoint_url ?? '',
  token_endpoint: one.token_endpoint ?? '',
  client_id: one.client_id ?? '',
  token_scope: one.token_scope ?? '',
  authorization: '',
  jwks_uri: one.jwks_uri ?? '',
  subject_issuer: one.subject_issuer === one.issuer ? '' : one.subject_issuer,
  signals: one.signals,
  matches_email: one.matches_email,
  enabled: one.enabled,
});

/** The same as the admin API takes it. */
export const writtenOf = ({ subject_issuer, ...typed }: TypedTransmitter): WrittenTransmitter => {
  const isPolled = typed.delivery === 'poll';
  return {
    ...typed,
    ...(subject_issuer === '' ? {} : { subject_issuer }),
    endpoint_url: given(isPolled, typed.endpoint_url),
    token_endpoint: given(isPolled, typed.token_endpoint),
    client_id: given(isPolled, typed.client_id),
    token_scope: given(isPolled, typed.token_scope),
    jwks_uri: given(true, typed.jwks_uri),
    signals: typed.signals as Signal[],
  };
};

const given = (hasMeaning: boolean, text: string): string | null => (hasMeaning && text !== '' ? text : null);
