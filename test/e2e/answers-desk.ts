import { randomUUID } from 'node:crypto';
import type { Form, Headers, Reply } from './answers-http.js';
import { aKey, type ProofChanges, type ProofKey, proofAt, signedBy } from './answers-proofs.js';
import { assertionType, deviceGrant, exchangeGrant, ledger, orders } from './protocol-names.js';

/** The ways to authenticate that clients may be registered for, by the word that names such a client here. */
export const methods = {
  basic: 'client_secret_basic',
  post: 'client_secret_post',
  assertion: 'private_key_jwt',
  none: 'none',
} as const;
/** A way to authenticate. */
export type Way = keyof typeof methods;
export const ways = Object.keys(methods) as readonly Way[];
export const confidentialWays = ways.filter((way) => way !== 'none');

/** The things that a client's tokens may have to be bound to (RFC 9449, RFC 8705). */
export const bonds = ['bearer', 'key', 'certificate'] as const;
/** The thing that the tokens of a client are bound to. */
export type Bond = (typeof bonds)[number];

/** APIs by the format of their access tokens. */
export const formats = { opaque: orders, jwt: ledger } as const;
/** A format of access tokens. */
export type Format = keyof typeof formats;
export const allFormats = Object.keys(formats) as readonly Format[];

/** A client that is known at the desk. */
export interface DeskClient {
  readonly id: string;
  readonly secret: string;
  readonly way: Way;
  readonly bond: Bond;
}

/** The parameters of an authorization, beside those that every one has. */
export type AuthorizationExtras = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Somebody who answers: our own server, or oidc-provider by itself. */
export interface Desk {
  readonly issuer: string;
  /** The address that clients are called back at. */
  readonly callback: string;
  /** Now. */
  readonly seconds: number;
  client(id: string): DeskClient;
  post(path: string, form: Form, headers?: Headers): Promise<Reply>;
  /** A code that a person has granted, with its verifier. */
  code(
    client: DeskClient,
    extra?: AuthorizationExtras,
  ): Promise<{ readonly code: string; readonly verifier: string }>;
  /** The person's answer for a device. */
  answer(device: Reply, allowed: boolean): Promise<void>;
  /** Lets a code expire. */
  expire(kind: 'AuthorizationCode' | 'DeviceCode', id: string): Promise<void>;
  /** A certificate as a proxy hands it over. */
  certificate(name: CertificateName): string;
}

/** Certificates that clients come with. */
export type CertificateName = 'mine' | 'other';
/** The header in which the proxy hands it over. */
export const certificateHeader = 'x-client-certificate';

/** A case that both desks can answer. */
export interface DeskCase {
  readonly name: string;
  readonly run: (desk: Desk) => Promise<unknown>;
}

/** The keys that clients sign with: that of their assertions, that of their proofs, and one of neither. */
export const keys = { assertion: aKey(), proof: aKey(), other: aKey() } as const;
export const keyId = 'desk-1';

/** Clients of every way and every bond, and an API of every way for each format. */
export const deskClients: readonly Omit<DeskClient, 'secret'>[] = [
  ...ways.flatMap((way) => bonds.map((bond) => ({ id: `${way}-${bond}`, way, bond }))),
  ...confidentialWays.flatMap((way) =>
    allFormats.map((format) => ({ id: `${format}-api-${way}`, way, bond: 'bearer' as const })),
  ),
];

const isApi = (id: string): boolean => id.includes('-api-');

/** The registration of a client of the desk. */
export const registrationOf = ({ id, way, bond }: Omit<DeskClient, 'secret'>, callback: string) => ({
  client_name: `Desk ${id}`,
  token_endpoint_auth_method: methods[way],
  ...(way === 'assertion'
    ? { jwks: { keys: [{ ...keys.assertion.jwk, kid: keyId, alg: 'ES256', use: 'sig' }] } }
    : {}),
  ...(bond === 'key' ? { dpop_bound_access_tokens: true } : {}),
  ...(bond === 'certificate' ? { tls_client_certificate_bound_access_tokens: true } : {}),
  ...(isApi(id)
    ? { grant_types: [], redirect_uris: [], resource: id.startsWith('jwt') ? ledger : orders }
    : {
        redirect_uris: [callback],
        grant_types: [
          'authorization_code',
          'refresh_token',
          deviceGrant,
          ...(way === 'none' ? [] : ['client_credentials', exchangeGrant]),
        ],
        resources: [orders, ledger],
        ...(way === 'none'
          ? {}
          : { token_exchange: [orders, ledger].map((resource) => ({ resource, scope: 'orders:read' })) }),
      }),
});

/** Changes to an assertion; undefined takes a member out. */
export type AssertionChanges = ProofChanges;

/** An assertion of a client (RFC 7523 §3), right but for the changes. */
export function assertionOf(
  { issuer, seconds }: Desk,
  { id }: Pick<DeskClient, 'id'>,
  { header = {}, claims = {}, by = keys.assertion }: AssertionChanges = {},
): string {
  const usual = { iss: id, sub: id, aud: issuer, jti: randomUUID(), iat: seconds, exp: seconds + 60 };
  const head = typeof header === 'string' ? header : { alg: by.alg, kid: keyId, ...header };
  return signedBy(by, head, typeof claims === 'string' ? claims : { ...usual, ...claims });
}

/** Parameters with an assertion. */
export const asserted = (assertion: string): Record<string, string> => ({
  client_assertion_type: assertionType,
  client_assertion: assertion,
});

/** A request, or a part of one. */
export interface Sent {
  readonly form?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Headers;
}

/** The credentials of a client. */
export function credentials(desk: Desk, client: DeskClient): Sent {
  const { id, secret, way } = client;
  const header = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
  const sent = {
    basic: () => ({ headers: header }),
    post: () => ({ form: { client_id: id, client_secret: secret } }),
    assertion: () => ({ form: asserted(assertionOf(desk, client)) }),
    none: () => ({ form: { client_id: id } }),
  };
  return sent[way]();
}

/** A proof for a request to this path. */
export function proof(
  { issuer, seconds }: Desk,
  path = '/token',
  { claims = {}, ...changes }: ProofChanges = {},
  key: ProofKey = keys.proof,
): { dpop: string } {
  const members = typeof claims === 'string' ? claims : { htu: `${issuer}${path}`, ...claims };
  return { dpop: proofAt({ issuer, seconds }, key, { ...changes, claims: members }) };
}

/** The header with a certificate. */
export const by = (desk: Desk, name: CertificateName): Record<string, string> => ({
  [certificateHeader]: desk.certificate(name),
});

/** Whatever a client shows with each request, so that its tokens are bound to it. */
export const bondOf = (desk: Desk, { bond }: DeskClient, path = '/token'): Headers =>
  ({ bearer: () => ({}), key: () => proof(desk, path), certificate: () => by(desk, 'mine') })[bond]();

const given = (form: NonNullable<Sent['form']>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** A request of a client that authenticates and shows its bond; `more` stands in place of what it would send. */
export function asks(
  desk: Desk,
  client: DeskClient,
  path: string,
  form: NonNullable<Sent['form']>,
  more: Sent = {},
): Promise<Reply> {
  const known = credentials(desk, client);
  return desk.post(path, given({ ...form, ...known.form, ...more.form }), {
    ...bondOf(desk, client, path),
    ...known.headers,
    ...more.headers,
  });
}

export const redeem = (
  desk: Desk,
  client: DeskClient,
  { code, verifier }: { readonly code: string; readonly verifier: string },
  more: Sent = {},
): Promise<Reply> => {
  const form = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: desk.callback,
  };
  return asks(desk, client, '/token', form, more);
};

export const refresh = (desk: Desk, client: DeskClient, refresh_token: string, more: Sent = {}) =>
  asks(desk, client, '/token', { grant_type: 'refresh_token', refresh_token }, more);

export const poll = (desk: Desk, client: DeskClient, device: Reply, more: Sent = {}) =>
  asks(desk, client, '/token', { grant_type: deviceGrant, device_code: device.body.device_code }, more);

export const machine = (
  desk: Desk,
  client: DeskClient,
  form: NonNullable<Sent['form']>,
  more: Sent = {},
): Promise<Reply> => asks(desk, client, '/token', { grant_type: 'client_credentials', ...form }, more);

export const introspect = (desk: Desk, client: DeskClient, token: string, more: Sent = {}) =>
  asks(desk, client, '/introspection', { token }, more);

export const revoke = (desk: Desk, client: DeskClient, token: string, more: Sent = {}) =>
  asks(desk, client, '/revocation', { token }, more);

/** A device asks for its codes. */
export const begin = (desk: Desk, client: DeskClient, form: NonNullable<Sent['form']> = {}) =>
  asks(desk, client, '/device/authorization', {
    client_id: client.id,
    scope: 'openid orders:read',
    resource: orders,
    ...form,
  });

/** A whole sign-in. */
export async function signIn(desk: Desk, client: DeskClient, extra: AuthorizationExtras = {}) {
  const asked = { scope: 'openid orders:read', resource: orders, ...extra };
  return redeem(desk, client, await desk.code(client, asked));
}
