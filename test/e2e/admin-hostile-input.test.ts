import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { assertInvariants } from '../support/database.js';
import { type DescribedOperation, exampleOf, operationsOf, targetOf } from './admin-requests.js';
import { AdminWorld } from './admin-world.js';

let world: AdminWorld;
// biome-ignore lint/suspicious/noExplicitAny: a document is read as it comes
let document: any;
let operations: DescribedOperation[];

beforeAll(async () => {
  world = await AdminWorld.start();
  document = (await world.get('/v1/openapi.json', { token: null })).body;
  // Streams do not end; the list of events reads the same input.
  operations = operationsOf(document).filter(({ scope, id }) => scope !== null && id !== 'followEvents');
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

const marker = `mark${randomBytes(6).toString('hex')}`;

/** Texts that have broken servers, each with a marker that must not come back. */
const texts: readonly string[] = [
  '',
  marker,
  `${marker}\u0000`,
  `${marker}\ud800`,
  `'; DROP TABLE session; -- ${marker}`,
  `<script>${marker}</script>`,
  `../../${marker}`,
  `%00${marker}`,
  `\u202e${marker}`,
  `${marker}`.repeat(2_000),
  '__proto__',
  '-1',
  '1e400',
  '99999999999999999999999999',
  'NaN',
  'null',
  '2026-02-30T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '::ffff:1.2.3.4/999',
];

/** JSON values that no schema here asks for, or asks for elsewhere. */
const values: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  0.5,
  Number.MAX_SAFE_INTEGER + 2,
  [],
  {},
  [[[[]]]],
  { [`<${marker}>`]: marker },
  JSON.parse(`{"__proto__":{"scope":"${marker}"},"constructor":{"prototype":"${marker}"}}`),
  ...texts,
];

/** No failure of ours, no echo, and problems that are problems. */
function judge(what: string, { status, text, headers }: Awaited<ReturnType<AdminWorld['get']>>): void {
  if (status >= 500) throw new Error(`${what}: ${status} ${text.slice(0, 300)}`);
  if (status >= 400) {
    expect([what, headers.get('content-type')]).toEqual([
      what,
      what.startsWith('scim') ? 'application/scim+json' : 'application/problem+json',
    ]);
    expect([what, text.includes(marker)]).toEqual([what, false]);
  }
  expect([what, /DROP TABLE|node_modules|prisma|SELECT /i.test(text) && status >= 400]).toEqual([
    what,
    false,
  ]);
}

const headers = { 'if-match': '"1"' };

/** Runs so many at a time: alone, each would wait for its round trip. */
async function eightAtATime(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const left = tasks.values();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const task of left) await task();
    }),
  );
}

describe('hostile input to the admin API', () => {
  it('in any parameter of any operation gets no 5xx and no echo', async () => {
    const tasks: (() => Promise<void>)[] = [];
    for (const operation of operations) {
      const components = document.components.schemas;
      const body = operation.body === null ? undefined : exampleOf(operation.body, components);
      for (const parameter of operation.parameters.filter((one) => one.in !== 'header')) {
        for (const value of texts.filter(
          (text) => text !== '' && text.length < 8_000 && !/[\ud800-\udfff]/.test(text),
        )) {
          const given = parameter.in === 'path' ? { [parameter.name]: value } : {};
          const query = parameter.in === 'query' ? `?${parameter.name}=${encodeURIComponent(value)}` : '';
          const target = `${targetOf(operation, components, given)}${query}`;
          const what = `${operation.id} ${parameter.name}=${JSON.stringify(value.slice(0, 40))}`;
          // A name that is only unusual may be found not to exist; nothing made up may be found to exist.
          tasks.push(async () => judge(what, await world.call(operation.method, target, { body, headers })));
        }
      }
    }
    await eightAtATime(tasks);
  }, 240_000);

  it('in any member of any body gets no 5xx and no echo', async () => {
    const tasks: (() => Promise<void>)[] = [];
    for (const operation of operations.filter(({ body }) => body !== null)) {
      const components = document.components.schemas;
      const target = targetOf(operation, components);
      const example = exampleOf(operation.body!, components) as Record<string, unknown>;
      const members = Object.keys((operation.body as { properties?: object }).properties ?? {});
      const send = (what: string, body: unknown) =>
        tasks.push(async () => judge(what, await world.call(operation.method, target, { body, headers })));
      for (const value of values) {
        send(`${operation.id} body`, value);
        for (const member of members)
          send(`${operation.id} ${member}=${JSON.stringify(value)?.slice(0, 40)}`, {
            ...example,
            [member]: value,
          });
      }
    }
    await eightAtATime(tasks);
  }, 240_000);

  it('as names that nobody knows is refused, and plain names alone are repeated', async () => {
    for (const operation of operations) {
      const components = document.components.schemas;
      const target = targetOf(operation, components);
      const body =
        operation.body === null
          ? undefined
          : { ...(exampleOf(operation.body, components) as object), [`<${marker}>`]: 1, misspelt: 1 };
      const query = `?${encodeURIComponent(`<${marker}>`)}=1&mistyped=1`;
      const answer = await world.call(operation.method, `${target}${query}`, { body, headers });
      judge(`${operation.id} unknown`, answer);
      const places = answer.body.faults.map(({ at }: { at: string }) => at);
      // Attributes that SCIM does not have are looked for once the rest of the request is read (test/e2e/provisioning.test.ts).
      const isBodyRead = body !== undefined && !operation.id.startsWith('scim');
      const wanted = ['query/mistyped', ...(isBodyRead ? ['body/misspelt'] : [])];
      expect([operation.id, answer.status, places]).toEqual([
        operation.id,
        400,
        expect.arrayContaining(wanted),
      ]);
    }
  });

  it('of the wrong kind, too large, compressed or cut off is refused', async () => {
    const token = await world.token();
    const send = async (body: string | Buffer, more: Record<string, string>) => {
      const answer = await fetch(`${world.adminUrl}/v1/sessions/end`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, ...more },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    const json = { 'content-type': 'application/json' };
    expect(await send('{"selection":', json)).toEqual([400, 'invalid_request']);
    expect(await send('"everyone"', json)).toEqual([400, 'invalid_request']);
    expect(await send(`{"note":"${'x'.repeat(200_000)}"}`, json)).toEqual([413, 'content_too_large']);
    expect(await send('everyone=true', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual([
      415,
      'unsupported_media_type',
    ]);
    expect(await send('{"selection":{"everyone":true}}', { 'content-type': 'text/plain' })).toEqual([
      415,
      'unsupported_media_type',
    ]);
    expect(await send(Buffer.from('x'), { ...json, 'content-encoding': 'gzip' })).toEqual([
      415,
      'unsupported_media_type',
    ]);
    expect(await send('{}', { 'content-type': 'application/json; charset=utf-7' })).toEqual([
      415,
      'unsupported_media_type',
    ]);
    expect(await send('['.repeat(20_000), json)).toEqual([400, 'invalid_request']);
    const deep = `{"selection":${'{"a":'.repeat(500)}1${'}'.repeat(500)}}`;
    expect(await send(deep, json)).toEqual([400, 'invalid_request']);
  });

  it('beyond the usual bound is read for a live token only, and one at a time', async () => {
    const size = 2_097_152;
    const live = await world.token();
    const body = JSON.stringify({ format: 'jsonl', content: '{}', dry_run: true }).padEnd(size);
    /** A request that has sent nothing of its body yet. */
    const begun = (path: string, token: string | undefined, more: object = { 'content-length': size }) => {
      const headers = { 'content-type': 'application/json', ...more };
      const request = httpRequest(new URL(path, world.adminUrl), {
        method: 'POST',
        headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
      });
      request.flushHeaders();
      const answered = new Promise<IncomingMessage>((resolve, reject) =>
        request.once('response', resolve).on('error', reject),
      );
      return { request, answered };
    };
    for (const path of ['/v1/accounts/import', '/v1/apply'])
      for (const token of [undefined, 'none', `${live}x`])
        for (const more of [{ 'content-length': size }, { 'transfer-encoding': 'chunked' }]) {
          const { request, answered } = begun(path, token, more);
          expect([path, token === undefined, (await answered).statusCode]).toEqual([
            ...[path, token === undefined, 401],
          ]);
          request.destroy();
        }
    const both = ['/v1/accounts/import', '/v1/accounts/import'].map((path) => begun(path, live));
    const [refused, other] = await Promise.race([
      both[0]!.answered.then((answer) => [answer, both[1]!] as const),
      both[1]!.answered.then((answer) => [answer, both[0]!] as const),
    ]);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5']);
    // Its turn is over where the client goes away in the middle, and where it is answered.
    for (const { request } of both) request.destroy();
    other.answered.catch(() => undefined);
    const statusOf = async (text: string) => {
      const { request, answered } = begun('/v1/accounts/import', live);
      request.end(text);
      return (await answered).resume().statusCode;
    };
    const statuses = [await statusOf(body)];
    while (statuses.at(-1) === 503 && statuses.length < 100) statuses.push(await statusOf(body));
    expect([statuses.at(-1), await statusOf(body)]).toEqual([400, 400]);
  });

  it('as bytes that are no HTTP gets a 400 and a closed connection', async () => {
    const answered = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(world.admin.port, '127.0.0.1', () =>
        socket.write('GET /v1/ses\u0000sions HTTP/1.1\r\nHost: x\r\n\r\n'),
      );
      socket.on('data', (bytes) => {
        text += bytes;
      });
      socket.on('close', () => resolve(text));
    });
    expect(answered).toMatch(/^HTTP\/1\.1 400 /);
  });
});
