import {
  asks,
  begin,
  by,
  certificateHeader,
  type Desk,
  type DeskCase,
  type DeskClient,
  introspect,
  machine,
  poll,
  proof,
  redeem,
  refresh,
  revoke,
  signIn,
  type Way,
  ways,
} from './answers-desk.js';
import type { Headers, Reply } from './answers-http.js';
import { ledger, orders } from './protocol-names.js';

/** Certificates that are not the client's, or none at all (RFC 8705 §3). */
const wrong: Readonly<Record<string, (desk: Desk) => Headers>> = {
  none: () => ({ [certificateHeader]: undefined }),
  'an empty one': () => ({ [certificateHeader]: '' }),
  'one that cannot be read': () => ({ [certificateHeader]: 'MIIB' }),
  'half of one': (desk) => ({ [certificateHeader]: desk.certificate('mine').slice(0, 200) }),
  'one that is not encoded': () => ({ [certificateHeader]: '%' }),
  two: (desk) => ({ [certificateHeader]: `${desk.certificate('mine')}, ${desk.certificate('other')}` }),
  another: (desk) => by(desk, 'other'),
};

/** A request that needs the certificate, with the first reply that it makes ready. */
type Use = (desk: Desk, client: DeskClient) => Promise<(headers: Headers) => Promise<Reply>>;
const atOrders = { scope: 'openid orders:read', resource: orders };
const uses: Readonly<Record<string, Use>> = {
  'a code': async (desk, client) => {
    const granted = await desk.code(client, atOrders);
    return (headers) => redeem(desk, client, granted, { headers });
  },
  'a refresh': async (desk, client) => {
    const { refresh_token } = (await signIn(desk, client, atOrders)).body;
    return (headers) => refresh(desk, client, refresh_token, { headers });
  },
  'a device': async (desk, client) => {
    const device = await begin(desk, client);
    await desk.answer(device, true);
    return (headers) => poll(desk, client, device, { headers });
  },
  'a machine': async (desk, client) => {
    const form = { scope: 'orders:read', resource: orders };
    return (headers) => machine(desk, client, form, { headers });
  },
};

const wayOf = (use: string): readonly Way[] =>
  use === 'a machine' ? ways.filter((way) => way !== 'none') : ways;

/** Every wrong certificate with every grant and client, and then the right one: nothing wrong uses anything up. */
const refused: readonly DeskCase[] = Object.entries(uses).flatMap(([use, prepare]) =>
  wayOf(use).map(
    (way): DeskCase => ({
      name: `${use} of ${way}-certificate with every wrong certificate, then with the right one`,
      run: async (desk) => {
        const ask = await prepare(desk, desk.client(`${way}-certificate`));
        const { another, ...unreadable } = wrong;
        for (const headers of Object.values(unreadable)) await ask(headers(desk));
        // A confidential client may come with another certificate: its refresh tokens are bound to the client alone (RFC 8705 §4).
        if (use === 'a refresh' && way === 'none') await ask(another!(desk));
        await ask(by(desk, 'mine'));
      },
    }),
  ),
);

/** A certificate that changes between requests (RFC 8705 §3, §4, §6.3). */
const changed: readonly DeskCase[] = ways.flatMap((way): DeskCase[] => [
  {
    name: `a refresh of ${way}-certificate with another certificate, and questions about what comes of it`,
    run: async (desk) => {
      const client = desk.client(`${way}-certificate`);
      const { refresh_token } = (await signIn(desk, client, atOrders)).body;
      const second = await refresh(desk, client, refresh_token, { headers: by(desk, 'other') });
      const token = second.body.refresh_token ?? refresh_token;
      const third = await refresh(desk, client, token, { headers: by(desk, 'mine') });
      for (const { body } of [second, third])
        if (body.access_token) await introspect(desk, desk.client('opaque-api-basic'), body.access_token);
    },
  },
  {
    name: `a refresh of ${way}-bearer with a certificate that nobody asked for`,
    run: async (desk) => {
      const client = desk.client(`${way}-bearer`);
      const { refresh_token } = (await signIn(desk, client, atOrders)).body;
      const { access_token } = (await refresh(desk, client, refresh_token, { headers: by(desk, 'mine') }))
        .body;
      await introspect(desk, desk.client('opaque-api-basic'), access_token);
    },
  },
  {
    name: `a refresh of ${way}-certificate with a proof beside its certificate`,
    run: async (desk) => {
      const client = desk.client(`${way}-certificate`);
      const { refresh_token } = (await signIn(desk, client, atOrders)).body;
      const { access_token } = (await refresh(desk, client, refresh_token, { headers: proof(desk) })).body;
      await introspect(desk, desk.client('opaque-api-basic'), access_token);
    },
  },
  {
    name: `questions and revocations of ${way}-certificate without its certificate`,
    run: async (desk) => {
      const client = desk.client(`${way}-certificate`);
      const { access_token, refresh_token } = (await signIn(desk, client, atOrders)).body;
      const headers = { [certificateHeader]: undefined };
      await introspect(desk, client, access_token, { headers });
      await introspect(desk, client, refresh_token, { headers });
      await revoke(desk, client, access_token, { headers });
      await revoke(desk, client, refresh_token, { headers });
      await refresh(desk, client, refresh_token);
    },
  },
]);

/** A certificate says by itself nobody's name here: `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 §2) are not offered. */
const alone: readonly DeskCase[] = [
  ...(['basic', 'post', 'assertion'] as const).flatMap((way) =>
    (['/token', '/introspection', '/revocation', '/par', '/device/authorization'] as const).map(
      (path): DeskCase => ({
        name: `a certificate in place of the credentials of ${way}-certificate at ${path}`,
        run: (desk) =>
          desk.post(
            path,
            { grant_type: 'client_credentials', token: 'nothing', client_id: `${way}-certificate` },
            by(desk, 'mine'),
          ),
      }),
    ),
  ),
  {
    name: 'a certificate that names no client',
    run: (desk) => desk.post('/token', { grant_type: 'client_credentials' }, by(desk, 'mine')),
  },
  {
    name: 'a certificate with a token of a machine in the format jwt, changed between two requests',
    run: async (desk) => {
      const client = desk.client('basic-certificate');
      const form = { scope: 'orders:read', resource: ledger };
      for (const name of ['mine', 'other'] as const)
        await asks(
          desk,
          client,
          '/token',
          { grant_type: 'client_credentials', ...form },
          { headers: by(desk, name) },
        );
    },
  },
];

/** Client certificates (RFC 8705), right, wrong and changed. */
export const certificates: readonly DeskCase[] = [...refused, ...changed, ...alone];
