import {
  type AuthorizationExtras,
  asks,
  begin,
  type Desk,
  type DeskCase,
  introspect,
  keys,
  machine,
  poll,
  proof,
  redeem,
  refresh,
  type Sent,
  signIn,
} from './answers-desk.js';
import type { ProofChanges } from './answers-proofs.js';
import { deviceGrant, ledger, orders } from './protocol-names.js';

const scope = 'openid orders:read';
const atOrders: AuthorizationExtras = { scope, resource: orders };

interface Redeeming {
  readonly extra?: AuthorizationExtras;
  readonly id?: string;
  /** A request, or several in a row, each with something changed. */
  readonly requests: readonly ((desk: Desk) => Sent & { readonly as?: string })[];
}

/** A code is granted to a client, and shown in these requests, one after the other. */
const code = (name: string, { extra = atOrders, id = 'basic-bearer', requests }: Redeeming): DeskCase => ({
  name: `a code ${name}`,
  run: async (desk) => {
    const granted = await desk.code(desk.client(id), extra);
    for (const request of requests) {
      const { as = id, ...more } = request(desk);
      await redeem(desk, desk.client(as), granted, more);
    }
  },
});
const wrong = (form: NonNullable<Sent['form']>) => () => ({ form });
const right = () => ({});
const both: AuthorizationExtras = { scope, resource: [orders, ledger] };
const jkt: AuthorizationExtras = { ...atOrders, dpop_jkt: keys.proof.thumbprint };
const shows =
  (changes?: ProofChanges, key = keys.proof) =>
  (desk: Desk) => ({
    headers: proof(desk, '/token', changes, key),
  });

/** Codes with something wrong about the verifier (RFC 7636), the redirect URI, the API, or the client (RFC 6749 §4.1.3). */
const codes: readonly DeskCase[] = [
  code('with a verifier that is too long', { requests: [wrong({ code_verifier: 'v'.repeat(129) }), right] }),
  code('with a verifier of other letters', {
    requests: [
      wrong({ code_verifier: `${'v'.repeat(43)} ` }),
      wrong({ code_verifier: 'ü'.repeat(43) }),
      right,
    ],
  }),
  code('with an empty verifier', { requests: [wrong({ code_verifier: '' }), right] }),
  code('with its challenge for a verifier', {
    id: 'none-bearer',
    requests: [wrong({ code_verifier: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' }), right],
  }),
  code('of a public client, without its verifier', {
    id: 'none-bearer',
    requests: [wrong({ code_verifier: undefined }), right],
  }),
  code('without a redirect URI, by a public client', {
    id: 'none-bearer',
    requests: [wrong({ redirect_uri: undefined }), wrong({ redirect_uri: '' }), right],
  }),
  code('with its redirect URI in another spelling', {
    requests: [(desk) => ({ form: { redirect_uri: `${desk.callback}/` } }), right],
  }),
  code('with a query behind its redirect URI', {
    requests: [(desk) => ({ form: { redirect_uri: `${desk.callback}?x=1` } }), right],
  }),
  code('shown by another client, then by its own', {
    requests: [() => ({ as: 'post-bearer' }), () => ({ as: 'none-bearer' }), right],
  }),
  code('shown by another client after it was used', { requests: [right, () => ({ as: 'post-bearer' })] }),
  code('of a public client, shown by another one', {
    id: 'none-bearer',
    requests: [() => ({ as: 'basic-bearer' }), right],
  }),
  code('for the first of two APIs', { extra: both, requests: [wrong({ resource: orders })] }),
  code('for the second of two APIs', { extra: both, requests: [wrong({ resource: ledger })] }),
  code('for neither of two APIs by name', { extra: both, requests: [right, wrong({ resource: orders })] }),
  code('for an API that was not granted', { requests: [wrong({ resource: ledger }), right] }),
  code('for an API with a fragment', { requests: [wrong({ resource: `${orders}#x` }), right] }),
  code('for an API that is no URI', { requests: [wrong({ resource: 'orders' }), right] }),
  code('with less scope than was granted', { requests: [wrong({ scope: 'orders:read' })] }),
  code('with more scope than was granted', { requests: [wrong({ scope: 'openid orders:write' })] }),
  code('with a scope that is none', { requests: [wrong({ scope: '"' }), right] }),
  code('of userinfo alone', { extra: { scope: 'openid email' }, requests: [right] }),
  code('of an API alone', { extra: { scope: 'orders:read', resource: orders }, requests: [right] }),
  {
    name: 'a code sent twice in one request',
    run: async (desk) => {
      const client = desk.client('none-bearer');
      const granted = await desk.code(client, atOrders);
      const fields = [
        ['grant_type', 'authorization_code'],
        ['code', granted.code],
        ['code_verifier', granted.verifier],
        ['redirect_uri', desk.callback],
        ['client_id', client.id],
      ] as const;
      for (const twice of fields) await desk.post('/token', [...fields, twice]);
      const apis = [
        ['resource', orders],
        ['resource', ledger],
      ] as const;
      await desk.post('/token', [...fields, ...apis]);
      await desk.post('/token', fields);
    },
  },
  {
    name: 'a code that has expired',
    run: async (desk) => {
      const granted = await desk.code(desk.client('none-bearer'), atOrders);
      await desk.expire('AuthorizationCode', granted.code);
      await redeem(desk, desk.client('none-bearer'), granted);
    },
  },
  {
    name: 'a code that has expired after it was used',
    run: async (desk) => {
      const client = desk.client('none-bearer');
      const granted = await desk.code(client, atOrders);
      const { refresh_token } = (await redeem(desk, client, granted)).body;
      await desk.expire('AuthorizationCode', granted.code);
      await redeem(desk, client, granted);
      await refresh(desk, client, refresh_token);
    },
  },
  {
    name: 'a code used twice, whose tokens are used afterwards',
    run: async (desk) => {
      const client = desk.client('post-bearer');
      const granted = await desk.code(client, atOrders);
      const { access_token, refresh_token } = (await redeem(desk, client, granted)).body;
      await redeem(desk, client, granted);
      await introspect(desk, desk.client('opaque-api-basic'), access_token);
      await refresh(desk, client, refresh_token);
    },
  },
  {
    name: 'a code used twice, the second time with a wrong verifier, whose tokens stand',
    run: async (desk) => {
      const client = desk.client('post-bearer');
      const granted = await desk.code(client, atOrders);
      const { access_token } = (await redeem(desk, client, granted)).body;
      await redeem(desk, client, { ...granted, verifier: 'v'.repeat(43) });
      await introspect(desk, desk.client('opaque-api-basic'), access_token);
    },
  },
];

/** Codes and keys (RFC 9449 §5, §10). */
const bound: readonly DeskCase[] = [
  code('that names a key, with a proof of it', { id: 'none-bearer', extra: jkt, requests: [shows()] }),
  code('that names a key, without a proof', { id: 'none-bearer', extra: jkt, requests: [right, shows()] }),
  code('that names a key, with a proof of another', {
    id: 'none-bearer',
    extra: jkt,
    requests: [shows({}, keys.other), shows()],
  }),
  code('that names a key, of a client with a secret', {
    extra: jkt,
    requests: [right, shows({}, keys.other), shows()],
  }),
  code('that names no key, with a proof', { id: 'none-bearer', requests: [shows()] }),
  code('of a client that must prove a key, without', {
    id: 'basic-key',
    requests: [() => ({ headers: { dpop: undefined } }), shows()],
  }),
  code('of a client with a secret, with a proof', { requests: [shows()] }),
  code('with a proof for another path', {
    id: 'none-key',
    requests: [(desk) => ({ headers: proof(desk, '/introspection') }), shows()],
  }),
  code('with a proof of long ago', {
    id: 'none-key',
    requests: [(desk) => shows({ claims: { iat: desk.seconds - 310 } })(desk), shows()],
  }),
  code('with a nonce of nobody', {
    id: 'none-key',
    requests: [shows({ claims: { nonce: 'x'.repeat(43) } }), shows()],
  }),
  code('of a client with a secret, with a proof that is none, and with a nonce of nobody', {
    requests: [() => ({ headers: { dpop: 'x.y.z' } }), shows({ claims: { nonce: 'x'.repeat(43) } }), shows()],
  }),
  {
    name: 'a code with a proof that was shown before',
    run: async (desk) => {
      const client = desk.client('none-key');
      const [one, other] = [await desk.code(client, atOrders), await desk.code(client, atOrders)];
      const headers = proof(desk);
      await redeem(desk, client, one, { headers });
      await redeem(desk, client, other, { headers });
      await redeem(desk, client, other);
    },
  },
  ...(['none-key', 'basic-key', 'none-bearer'] as const).map(
    (id): DeskCase => ({
      name: `refreshes of ${id} with the key of the code, another one, and none`,
      run: async (desk) => {
        const client = desk.client(id);
        const first = await redeem(desk, client, await desk.code(client, atOrders), { headers: proof(desk) });
        let token = first.body.refresh_token;
        for (const headers of [proof(desk, '/token', {}, keys.other), { dpop: undefined }, proof(desk)])
          token = (await refresh(desk, client, token, { headers })).body?.refresh_token ?? token;
      },
    }),
  ),
];

type Steps = (
  desk: Desk,
  client: ReturnType<Desk['client']>,
  device: Awaited<ReturnType<typeof begin>>,
) => Promise<unknown>;

const device = (
  name: string,
  steps: Steps,
  id = 'none-bearer',
  form: NonNullable<Sent['form']> = {},
): DeskCase => ({
  name: `a device ${name}`,
  run: async (desk) => {
    const client = desk.client(id);
    await steps(desk, client, await begin(desk, client, form));
  },
});

/** Devices (RFC 8628 §3.5). */
const devices: readonly DeskCase[] = [
  ...(['basic-bearer', 'post-bearer', 'assertion-bearer', 'none-bearer'] as const).flatMap((id) => [
    device(
      `of ${id} that is denied, and asks again`,
      async (desk, client, started) => {
        await desk.answer(started, false);
        await poll(desk, client, started);
        await poll(desk, client, started);
      },
      id,
    ),
    device(
      `of ${id} whose code has expired`,
      async (desk, client, started) => {
        await desk.expire('DeviceCode', started.body.device_code);
        await poll(desk, client, started);
      },
      id,
    ),
    device(
      `of ${id} whose code is used twice`,
      async (desk, client, started) => {
        await desk.answer(started, true);
        const { refresh_token } = (await poll(desk, client, started)).body;
        await poll(desk, client, started);
        await refresh(desk, client, refresh_token);
      },
      id,
    ),
    device(
      `of ${id} whose code another client shows`,
      async (desk, client, started) => {
        await desk.answer(started, true);
        await poll(desk, desk.client(id === 'none-bearer' ? 'basic-bearer' : 'none-bearer'), started);
        await poll(desk, client, started);
      },
      id,
    ),
    device(
      `of ${id} that asks too soon, again and again`,
      async (desk, client, started) => {
        for (let turn = 0; turn < 3; turn += 1) await poll(desk, client, started);
        await desk.answer(started, true);
        await poll(desk, client, started);
      },
      id,
    ),
  ]),
  device('whose code expires after it was allowed', async (desk, client, started) => {
    await desk.answer(started, true);
    await desk.expire('DeviceCode', started.body.device_code);
    await poll(desk, client, started);
  }),
  device(
    'that must prove a key, without, then with',
    async (desk, client, started) => {
      await desk.answer(started, true);
      await poll(desk, client, started, { headers: { dpop: undefined } });
      await poll(desk, client, started, { headers: { dpop: 'x.y.z' } });
      const spent = { headers: proof(desk) };
      await poll(desk, client, started, spent);
      await poll(desk, client, started, spent);
    },
    'none-key',
  ),
  device('for an API that was not granted', async (desk, client, started) => {
    await desk.answer(started, true);
    await poll(desk, client, started, { form: { resource: ledger } });
    await poll(desk, client, started, { form: { resource: orders } });
  }),
  device('for two APIs at once', async (desk, client, started) => {
    await desk.answer(started, true);
    const fields = [
      ['grant_type', deviceGrant],
      ['device_code', started.body.device_code],
      ['client_id', client.id],
    ] as const;
    for (const twice of fields) await desk.post('/token', [...fields, twice]);
    const apis = [
      ['resource', orders],
      ['resource', ledger],
    ] as const;
    await desk.post('/token', [...fields, ...apis]);
    await desk.post('/token', fields);
  }),
  device('that shows its user code', async (desk, client, started) => {
    await desk.answer(started, true);
    await asks(desk, client, '/token', { grant_type: deviceGrant, device_code: started.body.user_code });
  }),
  device('whose code is shown as a code of an application', async (desk, client, started) => {
    await desk.answer(started, true);
    await redeem(desk, client, { code: started.body.device_code, verifier: 'v'.repeat(43) });
    await poll(desk, client, started);
  }),
  {
    name: 'a code of an application that is shown as that of a device',
    run: async (desk) => {
      const client = desk.client('none-bearer');
      const granted = await desk.code(client, atOrders);
      await asks(desk, client, '/token', { grant_type: deviceGrant, device_code: granted.code });
      await redeem(desk, client, granted);
    },
  },
];

/** Refreshes and tokens of machines, by clients of every way. */
const others: readonly DeskCase[] = [
  ...(['post', 'assertion', 'none'] as const).flatMap((way): DeskCase[] => [
    {
      name: `refreshes of ${way}-bearer for what may not be had`,
      run: async (desk) => {
        const client = desk.client(`${way}-bearer`);
        const { refresh_token } = (await signIn(desk, client)).body;
        await refresh(desk, client, refresh_token, { form: { scope: 'openid orders:write' } });
        await refresh(desk, client, refresh_token, { form: { resource: ledger } });
        await refresh(desk, client, refresh_token, { form: { scope: '"' } });
        await refresh(desk, client, refresh_token, { form: { scope: 'orders:read' } });
      },
    },
    {
      name: `a refresh token of ${way}-bearer, shown by others`,
      run: async (desk) => {
        const client = desk.client(`${way}-bearer`);
        const { refresh_token } = (await signIn(desk, client)).body;
        for (const id of ['basic-bearer', 'post-key', 'assertion-key', 'none-key'] as const)
          await refresh(desk, desk.client(id), refresh_token);
        await refresh(desk, client, refresh_token);
      },
    },
    {
      name: `a refresh token of ${way}-bearer that nobody made`,
      run: async (desk) => {
        await refresh(desk, desk.client(`${way}-bearer`), 'nothing');
        await refresh(desk, desk.client(`${way}-bearer`), '');
      },
    },
  ]),
  ...(['post', 'assertion'] as const).flatMap((way): DeskCase[] => [
    {
      name: `tokens of ${way}-bearer for itself that may not be had`,
      run: async (desk) => {
        const client = desk.client(`${way}-bearer`);
        for (const form of [
          { scope: 'admin', resource: orders },
          { resource: 'https://nobody.example.test' },
          { resource: `${orders}#x` },
          { scope: '"', resource: orders },
        ])
          await machine(desk, client, form);
      },
    },
  ]),
  ...(['basic', 'post', 'assertion'] as const).map(
    (way): DeskCase => ({
      name: `tokens of ${way}-key for itself with proofs that are wrong`,
      run: async (desk) => {
        const client = desk.client(`${way}-key`);
        const spent = { headers: proof(desk) };
        const form = { scope: 'orders:read', resource: orders };
        await machine(desk, client, form, { headers: { dpop: undefined } });
        await machine(desk, client, form, { headers: { dpop: 'x.y.z' } });
        await machine(desk, client, form, { headers: proof(desk, '/token', { claims: { nonce: 'x' } }) });
        await machine(desk, client, form, spent);
        await machine(desk, client, form, spent);
      },
    }),
  ),
];

/** Requests with something wrong about them, by clients of every way. */
export const badly: readonly DeskCase[] = [...codes, ...bound, ...devices, ...others];
