import { createHmac, randomUUID } from 'node:crypto';
import {
  type AssertionChanges,
  asks,
  asserted,
  assertionOf,
  type Desk,
  type DeskCase,
  type DeskClient,
  keyId,
  keys,
  type Sent,
} from './answers-desk.js';
import { aKey } from './answers-proofs.js';

const claims =
  (members: (desk: Desk) => Record<string, unknown>) =>
  (desk: Desk): AssertionChanges => ({ claims: members(desk) });
const header = (members: Record<string, unknown>) => (): AssertionChanges => ({ header: members });
const rsa = aKey('RS256');
const edwards = aKey('EdDSA');

/** Assertions with one thing about them changed (RFC 7523 §3, RFC 8725). */
const spoilt: Readonly<Record<string, (desk: Desk) => AssertionChanges>> = {
  'for another server': claims(() => ({ aud: 'https://else.example.test' })),
  'for nobody': claims(() => ({ aud: undefined })),
  'for an empty list': claims(() => ({ aud: [] })),
  'for a number': claims(() => ({ aud: 7 })),
  'for the issuer with a slash': claims(({ issuer }) => ({ aud: `${issuer}/` })),
  'for this endpoint': claims(({ issuer }) => ({ aud: `${issuer}/introspection` })),
  'for the issuer and somebody else': claims(({ issuer }) => ({
    aud: [issuer, 'https://else.example.test'],
  })),
  'that is over': claims(({ seconds }) => ({ iat: seconds - 120, exp: seconds - 60 })),
  'that is over by less than clocks may differ': claims(({ seconds }) => ({ exp: seconds - 5 })),
  'without an end': claims(() => ({ exp: undefined })),
  'with an end in words': claims(({ seconds }) => ({ exp: String(seconds + 60) })),
  'that lasts too long': claims(({ seconds }) => ({ exp: seconds + 7_200 })),
  'made in the future': claims(({ seconds }) => ({ iat: seconds + 300, exp: seconds + 360 })),
  'with an instant in words': claims(({ seconds }) => ({ iat: String(seconds) })),
  'without an instant': claims(() => ({ iat: undefined })),
  'that is not valid yet': claims(({ seconds }) => ({ nbf: seconds + 60 })),
  'that was not valid before': claims(({ seconds }) => ({ nbf: seconds - 60 })),
  'with a beginning in words': claims(() => ({ nbf: 'now' })),
  'without an id': claims(() => ({ jti: undefined })),
  'with an empty id': claims(() => ({ jti: '' })),
  'with a number for an id': claims(() => ({ jti: 7 })),
  'of another issuer': claims(() => ({ iss: 'basic-bearer' })),
  'of no issuer': claims(() => ({ iss: undefined })),
  'about another client': claims(() => ({ sub: 'assertion-key' })),
  'about nobody': claims(() => ({ sub: undefined })),
  'about a client of another way': claims(() => ({ iss: 'basic-bearer', sub: 'basic-bearer' })),
  'about a client that nobody knows': claims(() => ({ iss: 'nobody-4711', sub: 'nobody-4711' })),
  'by another key': () => ({ by: keys.other }),
  'by another key under its own id': () => ({ by: keys.other, header: { kid: 'desk-2' } }),
  'under the id of a key that is gone': header({ kid: 'desk-0' }),
  'without the id of a key': header({ kid: undefined }),
  'with an id that is no text': header({ kid: 7 }),
  'by a key of another kind': () => ({ by: rsa }),
  'by a key of another kind, under the algorithm of the first': () => ({
    by: edwards,
    header: { alg: 'ES256' },
  }),
  'under the algorithm none': header({ alg: 'none' }),
  'under an algorithm of secrets': header({ alg: 'HS256' }),
  'under an algorithm that does not exist': header({ alg: 'ES999' }),
  'without an algorithm': header({ alg: undefined }),
  'with something critical': header({ crit: ['x'], x: 1 }),
  'with a type': header({ typ: 'JWT' }),
  'with the type of a proof': header({ typ: 'dpop+jwt' }),
  'with a key of its own': header({ jwk: keys.assertion.jwk }),
  'with claims that are a list': () => ({ claims: Buffer.from('[]').toString('base64url') }),
  'with claims that are no JSON': () => ({ claims: Buffer.from('{').toString('base64url') }),
};

/** A request at each endpoint that says by its answer whether its client was believed. */
const questions: Readonly<Record<string, { readonly path: string; readonly form: Record<string, string> }>> =
  {
    'at refresh': { path: '/token', form: { grant_type: 'refresh_token', refresh_token: 'nothing' } },
    'at introspection': { path: '/introspection', form: { token: 'nothing' } },
    'at revocation': { path: '/revocation', form: { token: 'nothing' } },
  };

const sends = (
  name: string,
  form: (
    desk: Desk,
    client: DeskClient,
  ) => NonNullable<Sent['form']> | readonly (readonly [string, string])[],
  id = 'assertion-bearer',
): DeskCase[] =>
  Object.entries(questions).map(([place, { path, form: question }]) => ({
    name: `an assertion ${name}, ${place}`,
    run: async (desk) => {
      const client = desk.client(id);
      const sent = form(desk, client);
      if (Array.isArray(sent)) return desk.post(path, [...Object.entries(question), ...sent]);
      return asks(desk, client, path, question, { form: sent as NonNullable<Sent['form']> });
    },
  }));

const shared: readonly DeskCase[] = Object.entries(spoilt).flatMap(([how, spoil]) =>
  sends(how, (desk, client) => asserted(assertionOf(desk, client, spoil(desk)))),
);

/** Hashed with the public key, as if that were a secret (RFC 8725 §2.1). */
function hashed(desk: Desk, client: DeskClient): string {
  const [head, body] = assertionOf(desk, client, { header: { alg: 'HS256' } }).split('.', 2);
  const secret = JSON.stringify(keys.assertion.jwk);
  return `${head}.${body}.${createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')}`;
}

/** Assertions beside other things, several of them, and some that are none (RFC 6749 §2.3, RFC 7521 §4.2). */
const beside: readonly DeskCase[] = [
  ...sends('hashed with the public key', (desk, client) => asserted(hashed(desk, client))),
  ...sends('with the id of its client', (desk, client) => ({
    ...asserted(assertionOf(desk, client)),
    client_id: client.id,
  })),
  ...sends('with the id of another client', (desk, client) => ({
    ...asserted(assertionOf(desk, client)),
    client_id: 'assertion-key',
  })),
  ...sends('with a secret beside it', (desk, client) => ({
    ...asserted(assertionOf(desk, client)),
    client_secret: 'x',
  })),
  ...sends('sent twice', (desk, client) => {
    const one = assertionOf(desk, client);
    return [...Object.entries(asserted(one)), ['client_assertion', one]] as const;
  }),
  ...sends('beside another one', (desk, client) => [
    ...Object.entries(asserted(assertionOf(desk, client))),
    ['client_assertion', assertionOf(desk, client)],
  ]),
  ...sends('whose type is sent twice', (desk, client) => {
    const sent = asserted(assertionOf(desk, client));
    return [...Object.entries(sent), ['client_assertion_type', sent['client_assertion_type']!]] as const;
  }),
  ...sends('without its type', (desk, client) => ({
    ...asserted(assertionOf(desk, client)),
    client_assertion_type: undefined,
  })),
  ...sends('of the type of SAML', (desk, client) => ({
    ...asserted(assertionOf(desk, client)),
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
  })),
  ...sends('in two parts', (desk, client) => {
    const one = assertionOf(desk, client);
    return asserted(one.slice(0, one.lastIndexOf('.')));
  }),
  ...sends('without its signature', (desk, client) => {
    const one = assertionOf(desk, client);
    return asserted(one.slice(0, one.lastIndexOf('.') + 1));
  }),
  ...sends('that is a secret', () => ({
    client_assertion: undefined,
    client_id: 'assertion-bearer',
    client_secret: 'x',
  })),
  ...sends('that is missing', () => ({
    client_assertion: undefined,
    client_assertion_type: undefined,
    client_id: 'assertion-bearer',
  })),
  ...sends('of another client that has the same key', (desk) =>
    asserted(assertionOf(desk, desk.client('assertion-key'))),
  ),
];

/** Assertions that are shown again, in one place or in two (RFC 7523 §3 number 7). */
const again: readonly DeskCase[] = [
  ...(['/introspection', '/revocation', '/token'] as const).map(
    (path): DeskCase => ({
      name: `an assertion shown at introspection and again at ${path}`,
      run: async (desk) => {
        const client = desk.client('assertion-bearer');
        const form = asserted(assertionOf(desk, client));
        await asks(desk, client, '/introspection', { token: 'nothing' }, { form });
        await asks(desk, client, path, { token: 'nothing', grant_type: 'client_credentials' }, { form });
      },
    }),
  ),
  {
    name: 'two assertions of one id',
    run: async (desk) => {
      const client = desk.client('assertion-bearer');
      const jti = randomUUID();
      for (const exp of [60, 90]) {
        const form = asserted(assertionOf(desk, client, { claims: { jti, exp: desk.seconds + exp } }));
        await asks(desk, client, '/introspection', { token: 'nothing' }, { form });
      }
    },
  },
  {
    name: 'assertions of two clients under one id',
    run: async (desk) => {
      const jti = randomUUID();
      for (const id of ['assertion-bearer', 'assertion-certificate'] as const) {
        const form = asserted(assertionOf(desk, desk.client(id), { claims: { jti } }));
        await asks(desk, desk.client(id), '/introspection', { token: 'nothing' }, { form });
      }
    },
  },
  {
    name: 'an assertion whose request was refused, shown again',
    run: async (desk) => {
      const client = desk.client('assertion-bearer');
      const form = asserted(assertionOf(desk, client));
      await asks(desk, client, '/token', { grant_type: 'refresh_token', refresh_token: 'nothing' }, { form });
      await asks(desk, client, '/introspection', { token: 'nothing' }, { form });
    },
  },
  {
    name: 'an assertion that was refused for its audience, and another of the same id',
    run: async (desk) => {
      const client = desk.client('assertion-bearer');
      const jti = randomUUID();
      for (const aud of ['https://else.example.test', desk.issuer]) {
        const form = asserted(assertionOf(desk, client, { claims: { jti, aud } }));
        await asks(desk, client, '/introspection', { token: 'nothing' }, { form });
      }
    },
  },
  {
    name: 'an assertion whose kid names a key by another text',
    run: async (desk) => {
      const client = desk.client('assertion-bearer');
      for (const kid of [`${keyId} `, keyId.toUpperCase(), '']) {
        const form = asserted(assertionOf(desk, client, { header: { kid } }));
        await asks(desk, client, '/introspection', { token: 'nothing' }, { form });
      }
    },
  },
];

/** Assertions by which clients authenticate, right and wrong, at every endpoint. */
export const assertions: readonly DeskCase[] = [...shared, ...beside, ...again];
