import { readFile } from 'node:fs/promises';
import { untilClosedHalfSent, untilClosedUnread } from '../support/slow-client.js';
import { operationsOf } from './admin-requests.js';
import { AdminWorld } from './admin-world.js';

let world: AdminWorld;

beforeAll(async () => {
  world = await AdminWorld.start({
    CURFEW_HEADERS_TIMEOUT: '1s',
    CURFEW_REQUEST_TIMEOUT: '2s',
    CURFEW_SEND_TIMEOUT: '2s',
  });
}, 60_000);
afterAll(() => world?.stop());

describe('the document of the admin API', () => {
  it('is the one that is checked in; npm run docs writes it', async () => {
    const checkedIn = JSON.parse(await readFile('docs/openapi.json', 'utf8'));
    expect((await world.get('/v1/openapi.json', { token: null })).body).toEqual(checkedIn);
  });

  it('names every operation once and every parameter of its path', async () => {
    const operations = operationsOf((await world.get('/v1/openapi.json', { token: null })).body);
    const ids = operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, path, parameters } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      expect([id, described]).toEqual([id, inPath]);
    }
  });

  it('has no reference that leads nowhere', async () => {
    const { body, text } = await world.get('/v1/openapi.json', { token: null });
    for (const [, reference] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = reference!.split('/').reduce((at, name) => at?.[name], body);
      expect([reference, found === undefined]).toEqual([reference, false]);
    }
  });

  it('can be browsed as a page that loads nothing and runs nothing', async () => {
    const { status, text, headers } = await world.get('/docs', { token: null });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(text).not.toMatch(/<script|<link|<img|\son\w+=|\sstyle=/i);
    expect(text).toContain('id="endSessions"');
  });

  it('says what may be done instead, where a method is not for a path', async () => {
    const { status, headers, body } = await world.call('PATCH', '/v1/sessions');
    expect([status, body.code, headers.get('allow')]).toEqual([405, 'method_not_allowed', 'GET, HEAD']);
    expect((await world.get('/v1/nothing')).body).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('answers only to its own name', async () => {
    const answer = await new Promise<number>((resolve, reject) => {
      import('node:http').then(({ request }) =>
        request(
          {
            host: '127.0.0.1',
            port: world.admin.port,
            path: '/v1/openapi.json',
            headers: { host: 'evil.example' },
          },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        )
          .on('error', reject)
          .end(),
      );
    });
    expect(answer).toBe(421);
  });
});

describe('a slow client of the admin API', () => {
  const hostLine = () => `Host: ${new URL(world.adminUrl).host}\r\n`;

  it.each([
    ['sends half of a head', async () => `GET /v1/openapi.json HTTP/1.1\r\n${hostLine()}`],
    [
      'sends half of a body',
      async () =>
        `POST /v1/accounts HTTP/1.1\r\n${hostLine()}Authorization: Bearer ${await world.token()}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":`,
    ],
    [
      'sends half of a body that nobody asked for',
      async () =>
        `POST /v1/nowhere HTTP/1.1\r\n${hostLine()}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":`,
    ],
  ])('that %s is sent away in time, and is no error', async (_, bytes) => {
    const half = await bytes();
    const times = await Promise.all(
      Array.from({ length: 5 }, () => untilClosedHalfSent(world.admin.port, half)),
    );
    for (const time of times) expect(time).toBeLessThan(10_000);
    expect(world.admin.output()).not.toContain('"level":"error"');
  });

  it('that reads nothing of what it asked for is sent away in time, while others are served', async () => {
    const asked = `GET /v1/openapi.json HTTP/1.1\r\n${hostLine()}\r\n`.repeat(200);
    const unread = untilClosedUnread(world.admin.port, asked);
    expect((await world.get('/v1/openapi.json', { token: null })).status).toBe(200);
    expect(await unread).toBeLessThan(12_000);
    expect(world.admin.output()).not.toContain('"level":"error"');
  });
});
