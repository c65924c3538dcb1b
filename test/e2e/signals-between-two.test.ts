import { sessionKey } from '@curfew/artifacts';
import { ClientService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { instant } from '@curfew/session-policy';
import { decodeJwt } from 'jose';
import type { Person } from '../support/person.js';
import { AdminWorld } from './admin-world.js';
import { asHeader, orders, ProtocolWorld } from './protocol-world.js';

const header = 'Bearer what-one-sends-to-the-other-here';

class HostClock extends Clock {
  now() {
    return instant(Date.now());
  }
}

/** One installation tells of its people, and the other one hears of them. */
let there: ProtocolWorld;
let here: AdminWorld;
let account: string;

beforeAll(async () => {
  [there, here] = await Promise.all([
    ProtocolWorld.start({ CURFEW_DELIVERY_INTERVAL: '50ms', CURFEW_DELIVERY_FIRST_RETRY: '100ms' }),
    AdminWorld.start({ CURFEW_SIGNAL_POLL_INTERVAL: '100ms' }),
  ]);
  const [row] = await here.database.query<{ id: string }>(
    `SELECT id::text AS id FROM account WHERE username = '${here.data.accounts[0]!.username}'`,
  );
  account = row!.id;
}, 120_000);
afterAll(async () => {
  await here?.stop();
  await there?.stop();
});

const ask = (method: string, path: string, body?: unknown) =>
  fetch(`${there.issuer}${path}`, {
    method,
    headers: {
      ...asHeader(there.clients.api),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function until(look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A session there, of somebody to whom their account here is linked. */
interface SessionThere {
  readonly sid: string;
  readonly refreshToken: string;
}

async function signedInThere(): Promise<SessionThere> {
  const { body } = await there.signIn(there.clients.web, {
    scope: 'openid offline_access',
    prompt: 'consent',
    resource: orders,
  });
  const { sub, sid } = decodeJwt<{ sid: string }>(body.id_token);
  await here.database.query(
    `INSERT INTO linked_identity (issuer, subject, account_id, created_at)
     VALUES ('${there.issuer}', '${sub}', '${account}', now()) ON CONFLICT DO NOTHING`,
  );
  return { sid, refreshToken: body.refresh_token as string };
}
/** A browser here in which the person has signed in; `cameOf` is the session there that led to it. */
async function browser(cameOf: string | null): Promise<Person> {
  const person = here.person();
  await person.follow(`${here.server.issuer}/sign-in`, ({ url }) => url.pathname === '/');
  if (cameOf !== null)
    await here.database.query(
      `UPDATE browser_session SET upstream = ARRAY['${sessionKey(there.issuer, cameOf)}']
       WHERE uid = (SELECT uid FROM browser_session WHERE ended_at IS NULL AND signed_in_at IS NOT NULL ORDER BY signed_in_at DESC LIMIT 1)`,
    );
  return person;
}
const isSignedIn = async (person: Person) =>
  (await person.open(`${here.server.issuer}/sessions`)).url.pathname === '/sessions';
/** The `sid` of an ID token names the session in both products, and no other browser of the person is in question. */
const endsHere = async ({ sid, refreshToken }: SessionThere): Promise<void> => {
  const [another, came] = [await browser(null), await browser(sid)];
  await there.revoke(there.clients.web, refreshToken);
  await until(async () => !(await isSignedIn(came)));
  expect(await isSignedIn(another)).toBe(true);
};
const settings = (more: object) => ({ issuer: there.issuer, audience: there.clients.api.id, ...more });

it('ends here what ended there, where the other installation pushes', async () => {
  const endpoint = `${here.server.issuer}/ssf/receive`;
  const made = await here.post('/v1/transmitters', {
    id: 'there',
    ...settings({ delivery: 'push', authorization: header }),
  });
  expect([made.status, made.body.receive_url]).toEqual([201, endpoint]);
  const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: endpoint, authorization_header: header };
  expect((await ask('POST', '/ssf/streams', { delivery })).status).toBe(201);
  await endsHere(await signedInThere());
  const [told] = await here.database.query<{ data: { note: string; signal: string } }>(
    `SELECT data FROM event WHERE type = 'signal.received'`,
  );
  expect(told!.data).toMatchObject({
    signal: 'session-revoked',
    session: 'ended',
    note: 'The client revoked its refresh token (RFC 7009).',
  });
  // Nothing was refused there: what an installation tells, the other one takes.
  const dead = `SELECT 1 FROM delivery WHERE dead_at IS NOT NULL`;
  expect(await there.database.query(dead)).toEqual([]);
});

it('ends here what ended there, where the other installation is polled, and acknowledges it', async () => {
  expect((await ask('DELETE', '/ssf/streams')).status).toBe(204);
  expect((await ask('POST', '/ssf/streams', { delivery: { method: 'urn:ietf:rfc:8936' } })).status).toBe(201);
  const { headers } = await here.get('/v1/transmitters/there');
  const authorization = asHeader(there.clients.api)['authorization']!;
  const changed = await here.call('PUT', '/v1/transmitters/there', {
    body: settings({ delivery: 'poll', endpoint_url: `${there.issuer}/ssf/poll`, authorization }),
    headers: { 'if-match': headers.get('etag')! },
  });
  expect(changed.status).toBe(200);
  await endsHere(await signedInThere());
  const waits = `SELECT 1 FROM delivery WHERE receiver_id LIKE 'stream:%'`;
  await until(async () => (await there.database.query(waits)).length === 0);
  // A verification is answered by taking it.
  const stream = (await (await ask('GET', '/ssf/streams')).json()) as { stream_id: string }[];
  const { stream_id } = stream[0]!;
  expect((await ask('POST', '/ssf/verification', { stream_id, state: 'x' })).status).toBe(204);
  const kept = `SELECT 1 FROM delivery_receiver WHERE settings ? 'verification'`;
  await until(async () => (await there.database.query(kept)).length === 0);
  expect((await here.get('/v1/transmitters/there')).body.poll_failures).toBe(0);
});

it('ends here what ended there, where this one polls with access tokens that it gets for its client', async () => {
  const clients = new ClientService({
    prisma: there.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' }),
    clock: new HostClock(),
    rules: { allowPrivateAddresses: true },
  });
  const grant_types = ['client_credentials' as const];
  const made = await clients.create({
    ...{ client_name: 'The other installation', grant_types, resource: orders, resources: [orders] },
  });
  const [client, secret] = [made.client.id, made.secret!];
  const stream = await fetch(`${there.issuer}/ssf/streams`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${secret}`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ delivery: { method: 'urn:ietf:rfc:8936' } }),
  });
  expect(stream.status).toBe(201);
  const { headers } = await here.get('/v1/transmitters/there');
  const tokens = { token_endpoint: `${there.issuer}/token`, client_id: client, token_scope: 'ssf.read' };
  const polled = { delivery: 'poll', endpoint_url: `${there.issuer}/ssf/poll`, audience: client, ...tokens };
  const change = (body: object) =>
    here.call('PUT', '/v1/transmitters/there', {
      body: settings(body),
      headers: { 'if-match': headers.get('etag')! },
    });
  // The header of before is not taken for the secret of a client.
  const without = await change(polled);
  expect([without.status, without.body.code]).toEqual([400, 'secret_missing']);
  const changed = await change({ ...polled, authorization: secret });
  expect([changed.status, changed.body]).toEqual([200, expect.objectContaining(tokens)]);
  await endsHere(await signedInThere());
  const { body, text } = await here.get('/v1/transmitters/there');
  expect([body.poll_failures, body.poll_fault, text.includes(secret)]).toEqual([0, null, false]);
});
