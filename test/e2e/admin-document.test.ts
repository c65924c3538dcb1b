import { readFile } from 'node:fs/promises';
import { z } from 'zod';
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

  it('has a tag, and examples that its own schemas allow, for every operation', async () => {
    const { body } = await world.get('/v1/openapi.json', { token: null });
    // Zod reads patterns without the flag of JSON Schema, so those with classes of Unicode are not tried.
    const local = (value: unknown) =>
      JSON.parse(
        JSON.stringify(value, (key, one) =>
          key === 'pattern' && one.includes('\\p{') ? undefined : one,
        ).replaceAll('#/components/schemas/', '#/$defs/'),
      );
    const $defs = local(body.components.schemas);
    const faultsOf = (
      place: string,
      { schema, example }: { schema: object; example?: unknown },
    ): string[] => {
      if (example === undefined) return [`${place}: no example`];
      const read = z.fromJSONSchema({ ...local(schema), $defs }).safeParse(example);
      return read.success ? [] : [`${place}: ${z.prettifyError(read.error)}`];
    };
    const operations = operationsOf(body);
    const faults = operations.flatMap(({ id, path, method, parameters, answers }) => {
      const described = body.paths[path][method.toLowerCase()];
      const named = body.tags.map((tag: { name: string }) => tag.name);
      const contents = Object.entries<{ content?: Record<string, { schema: object }> }>({
        body: described.requestBody ?? {},
        ...answers,
      }).filter(([, { content }]) => content);
      return [
        ...(described.tags.length === 1 && named.includes(described.tags[0]) ? [] : [`${id}: no tag`]),
        ...parameters.filter((one) => one.required).flatMap((one) => faultsOf(`${id} ${one.name}`, one)),
        ...contents.flatMap(([name, { content }]) =>
          Object.values(content!).flatMap((one) => faultsOf(`${id} ${name}`, one)),
        ),
      ];
    });
    expect(operations.length).toBeGreaterThan(90);
    expect(faults).toEqual([]);
  }, 60_000);

  it('shows on the page an exchange for every operation, under its group', async () => {
    const { text } = await world.get('/docs', { token: null });
    const operations = operationsOf((await world.get('/v1/openapi.json', { token: null })).body);
    expect(text.match(/<h4>Example<\/h4>/g)).toHaveLength(operations.length);
    expect(text).toContain('GET /v1/sessions/0197c9a2-6f3a-7c41-9d0e-5b2a8c1f4e60');
    for (const { id } of operations) expect(text).toContain(`<article class="card stack" id="${id}">`);
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
