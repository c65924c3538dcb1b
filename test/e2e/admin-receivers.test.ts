import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { assertInvariants } from '../support/database.js';
import { AdminWorld } from './admin-world.js';

let world: AdminWorld;
let target: Server;
let status = 200;
const heard: { headers: Record<string, unknown>; body: string }[] = [];

beforeAll(async () => {
  target = createServer((request, response) => {
    let body = '';
    request.on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      heard.push({ headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  world = await AdminWorld.start({
    CURFEW_DELIVERY_PRIVATE_ADDRESSES: 'true',
    CURFEW_DELIVERY_ATTEMPTS: '1',
  });
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(async () => {
  await world?.stop();
  await new Promise((resolve) => target.close(resolve));
});

const address = () => `http://127.0.0.1:${(target.address() as AddressInfo).port}/hook`;
const until = async (met: () => boolean | Promise<boolean>) => {
  const deadline = performance.now() + 20_000;
  while (!(await met()) && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return met();
};

describe('receivers over the admin API', () => {
  it('webhooks hear of ends, signed with the secret that was shown once', async () => {
    const made = await world.post('/v1/receivers', {
      name: 'Security',
      address: address(),
      event_types: ['session.ended'],
    });
    expect(made.status).toBe(201);
    const { id, secret } = made.body;
    const { sid } = await world.signIn();
    await world.call('DELETE', `/v1/sessions/${sid}?note=told`);
    const about = () => heard.find(({ body }) => body.includes(sid));
    expect(await until(() => about() !== undefined)).toBe(true);
    const { headers, body } = about()!;
    expect(JSON.parse(body)).toMatchObject({
      type: 'session.ended',
      data: { session_id: sid, note: 'told' },
    });
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from(String(secret).replace(/^whsec_/, ''), 'base64');
    const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
    expect(String(headers['webhook-signature']).split(' ')).toContain(signature);
    const shown = await world.get(`/v1/receivers/${id}`);
    expect(shown.text).not.toContain(secret);
    expect((await world.get('/v1/receivers')).body.items.map((one: { id: string }) => one.id)).toContain(id);
  });

  it('what was given up is shown with its cause, and sent again by hand', async () => {
    const { id } = (
      await world.post('/v1/receivers', {
        name: 'Broken',
        address: address(),
        event_types: ['session.ended'],
      })
    ).body;
    status = 500;
    const { sid } = await world.signIn();
    await world.call('DELETE', `/v1/sessions/${sid}`);
    const letters = async () => (await world.get(`/v1/receivers/${id}/dead-letters`)).body.items;
    expect(await until(async () => (await letters()).length > 0)).toBe(true);
    expect((await letters())[0]).toMatchObject({ session_id: sid, attempts: 1 });
    status = 200;
    heard.length = 0;
    expect((await world.call('POST', `/v1/receivers/${id}/redrive`)).body).toEqual({ redriven: 1 });
    expect(await until(() => heard.some(({ body }) => body.includes(sid)))).toBe(true);
    expect(await until(async () => (await letters()).length === 0)).toBe(true);
  });

  it('are changed by version, paused, given a new secret and removed', async () => {
    const made = await world.post('/v1/receivers', { name: 'One', address: address() });
    const path = `/v1/receivers/${made.body.id}`;
    const headers = { 'if-match': made.headers.get('etag')! };
    const changed = await world.call('PUT', path, {
      body: { name: 'Two', address: address(), status: 'paused' },
      headers,
    });
    expect(changed.body).toMatchObject({ name: 'Two', status: 'paused' });
    expect(
      (await world.call('PUT', path, { body: { name: 'Three', address: address() }, headers })).status,
    ).toBe(412);
    expect((await world.call('POST', `${path}/secret`)).body.secret).toMatch(/^whsec_/);
    expect((await world.call('DELETE', path)).status).toBe(204);
    expect((await world.get(path)).body.code).toBe('unknown_receiver');
  });

  it('with addresses this service would not post to, or callers that may not hear events, are refused', async () => {
    const bad = await world.post('/v1/receivers', { name: 'Bad', address: 'ftp://files.example.test/' });
    expect([bad.status, bad.body.code, bad.text.includes('files.example')]).toEqual([
      400,
      'invalid_address',
      false,
    ]);
    const token = await world.token('clients:write');
    const deaf = await world.post('/v1/receivers', { name: 'Deaf', address: address() }, { token });
    expect([deaf.status, deaf.body.code]).toEqual([403, 'beyond_own_scopes']);
  });

  it('ends wait for the confirmation of all followers where that is asked for', async () => {
    const { sid } = await world.signIn();
    const { body } = await world.call('DELETE', `/v1/sessions/${sid}?confirm=true`);
    expect(body.propagation).toMatchObject({ confirmed: true, confirmed_after_ms: expect.any(Number) });
    const { body: nodes } = await world.get('/v1/followers');
    expect(nodes.items).toHaveLength(1);
    expect(nodes.items[0].followers).toEqual([]);
  });
});
