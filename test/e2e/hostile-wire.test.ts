import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { untilClosedUnread } from '../support/slow-client.js';
import { faultsOf, marker, overTheWire } from './hostile-world.js';
import { asHeader, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
let host: string;
beforeAll(async () => {
  world = await ProtocolWorld.start({
    CURFEW_HEADERS_TIMEOUT: '1s',
    CURFEW_REQUEST_TIMEOUT: '3s',
    CURFEW_SEND_TIMEOUT: '2s',
    CURFEW_MAX_CONNECTIONS: '500',
  });
  host = new URL(world.issuer).host;
}, 60_000);
afterAll(() => world?.stop());

const form = 'Content-Type: application/x-www-form-urlencoded';
const smuggled = () => `GET /jwks HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const head = (...lines: readonly string[]) =>
  `${['POST /token HTTP/1.1', `Host: ${host}`, form, ...lines].join('\r\n')}\r\n\r\n`;

/** Requests whose end two servers might see at different places (RFC 9112 §11.2). */
const ambiguous: Readonly<Record<string, () => string>> = {
  'both lengths': () => `${head('Content-Length: 6', 'Transfer-Encoding: chunked')}0\r\n\r\nX`,
  'both lengths, the other way round': () =>
    `${head('Transfer-Encoding: chunked', 'Content-Length: 4')}5c\r\n`,
  'two lengths': () => `${head('Content-Length: 5', 'Content-Length: 6')}a=b&c`,
  'the same length twice': () => `${head('Content-Length: 3', 'Content-Length: 3')}a=b`,
  'a list of lengths': () => `${head('Content-Length: 3, 3')}a=b`,
  'a length with a sign': () => `${head('Content-Length: +3')}a=b`,
  'a negative length': () => `${head('Content-Length: -1')}a=b`,
  'a length in hexadecimal': () => `${head('Content-Length: 0x3')}a=b`,
  'a length with a blank in it': () => `${head('Content-Length: 3 0')}a=b`,
  'an empty length': () => `${head('Content-Length:')}a=b`,
  'a length beyond all numbers': () => `${head('Content-Length: 99999999999999999999')}a=b`,
  'an unknown transfer coding': () => `${head('Transfer-Encoding: xchunked')}0\r\n\r\n`,
  'a transfer coding after chunked': () => `${head('Transfer-Encoding: chunked, identity')}0\r\n\r\n`,
  'a blank before the colon': () => `${head('Transfer-Encoding : chunked')}0\r\n\r\n`,
  'a folded header': () => `${head('Transfer-Encoding:\r\n chunked')}0\r\n\r\n`,
  'a vertical tab': () => `${head('Transfer-Encoding: \x0bchunked')}0\r\n\r\n`,
  'a carriage return alone': () => `${head('X: y\rTransfer-Encoding: chunked')}0\r\n\r\n`,
  'a chunk size beyond all numbers': () =>
    `${head('Transfer-Encoding: chunked')}fffffffffffffffff\r\na=b\r\n`,
  'a chunk size that is none': () => `${head('Transfer-Encoding: chunked')}0x3\r\na=b\r\n0\r\n\r\n`,
  'a chunk longer than its size': () => `${head('Transfer-Encoding: chunked')}2\r\na=b\r\n0\r\n\r\n`,
  'NUL in a header': () => head('X: a\0b'),
  'a blank in the name of a header': () => head('X Y: z'),
  'a header without a colon': () => head('X'),
  'a header without a name': () => head(': x'),
  'a version that is none': () => `GET /jwks HTTP/1.1x\r\nHost: ${host}\r\n\r\n`,
  'another protocol': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'no version': () => 'GET /jwks\r\n',
  'a method that is none': () => `GE(T /jwks HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  'no host': () => 'GET /jwks HTTP/1.1\r\n\r\n',
};

describe('a request that could be read in two ways', () => {
  it.each(Object.entries(ambiguous))('is refused, and the connection with it: %s', async (_, bytes) => {
    const { answers, closed, raw } = await overTheWire(
      world,
      Buffer.from(bytes() + smuggled(), 'latin1'),
      2_500,
    );
    expect(closed).toBe(true);
    expect(answers.length).toBeLessThanOrEqual(1);
    expect(answers.map(({ status }) => status)).toEqual(answers.length === 0 ? [] : [400]);
    expect(raw).not.toContain('"keys"');
  });
});

describe('the log', () => {
  it.each(['/token', '/device', '/par', '/logout/confirm'])(
    'stays one JSON object to a line when a body to %s is no HTTP, and repeats none of it',
    async (path) => {
      const wrong = head('Transfer-Encoding: chunked').replace('/token', path);
      // The words of the library at its start about the version of Node are not about requests.
      const before = world.server.output().length;
      for (const body of [`5\r\na=b&c\r\n${marker}\r\n`, `${marker}\r\n`, `3\r\na=${marker}\r\n`]) {
        const socket = net.connect(world.server.port, '127.0.0.1').on('error', () => {});
        socket.write(wrong);
        await pause(100);
        socket.write(body);
        await pause(200);
        socket.destroy();
      }
      const lines = world.server.output().slice(before).split('\n').filter(Boolean);
      expect(lines.filter((line) => !/^\{.*\}$/.test(line))).toEqual([]);
      for (const line of lines) expect(JSON.parse(line)).toHaveProperty('level');
      expect(world.server.output()).not.toContain(marker);
    },
  );
});

describe('the host of a request', () => {
  const about = (lines: readonly string[], target = '/.well-known/openid-configuration') =>
    overTheWire(world, `GET ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`);

  it.each([
    ['another one', () => ['Host: evil.example'], 421],
    ['the right one and another one', () => [`Host: ${host}`, 'Host: evil.example'], 421],
    ['another one and the right one', () => ['Host: evil.example', `Host: ${host}`], 421],
    ['the right name at another port', () => ['Host: localhost:1'], 421],
    ['the right one with a user', () => [`Host: x@${host}`], 421],
    ['an empty one', () => ['Host:'], 421],
  ] as const)('is not negotiable: %s', async (_, lines, status) => {
    const { answers, raw } = await about(lines());
    expect(answers.map((answer) => answer.status)).toEqual([status]);
    expect(faultsOf(answers[0]!)).toEqual([]);
    expect(raw).not.toContain('evil.example');
  });

  it.each([
    'http://evil.example/jwks',
    '//evil.example/jwks',
    '*',
    'evil.example:80',
    '/jwks\u00a0',
    '/\\evil.example',
  ])('is not taken from the target %s', async (target) => {
    const { answers, raw } = await about([`Host: ${host}`], target);
    expect(answers.every(({ status }) => status === 400 || status === 404)).toBe(true);
    expect(raw).not.toMatch(/evil\.example|"keys"/);
  });

  it.each([
    ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https'],
    ['Forwarded: host=evil.example;proto=https'],
    ['X-Original-URL: /admin', 'X-Rewrite-URL: /admin'],
    ['X-Forwarded-Prefix: /evil', 'X-Forwarded-Port: 1'],
    ['X-HTTP-Method-Override: DELETE', 'X-Request-Id: evil.example'],
  ])('is not changed by %s', async (...lines) => {
    const { answers, raw } = await about([`Host: ${host}`, ...lines]);
    expect(JSON.parse(answers[0]!.text)).toEqual((await world.get('/.well-known/openid-configuration')).body);
    expect(raw).not.toContain('evil');
  });

  it('of an authorization does not change where it goes on', async () => {
    const { answers } = await about(
      [`Host: ${host}`, 'X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https'],
      `/authorize?client_id=${world.clients.web.id}&redirect_uri=${encodeURIComponent(world.callback)}&response_type=code&scope=openid&code_challenge=${'x'.repeat(43)}&code_challenge_method=S256`,
    );
    expect(answers[0]).toMatchObject({ status: 200 });
    expect(answers[0]!.text).toMatch(/ action="\/interaction\/[\w-]+"/);
  });
});

const bodies = [
  ['/token', form],
  ['/introspection', form],
  ['/revocation', form],
  ['/par', form],
  ['/device/authorization', form],
  ['/userinfo', form],
  ['/authorize', form],
  ['/device', form],
  ['/logout/confirm', form],
  ['/sign-in', form],
  ['/password', form],
  ['/interaction/x', form],
  ['/introspection/batch', 'Content-Type: application/json'],
  ['/session-feed/acknowledgements', 'Content-Type: application/json'],
] as const;

/** Memory of the server's process, in MiB (proc(5)). */
const memory = async (): Promise<number> =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${world.server.pid}/status`, 'utf8'))![1]) / 1024;

describe('a body', () => {
  const post = (path: string, type: string, length: string, body: Buffer) =>
    overTheWire(
      world,
      Buffer.concat([
        Buffer.from(
          `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${type}\r\nAuthorization: ${asHeader(world.clients.api)['authorization']}\r\n${length}\r\n\r\n`,
        ),
        body,
      ]),
      2_000,
    );
  const ten = 10 * 1024 * 1024;
  const plain = Buffer.alloc(ten, 'a=b&');
  const bomb = gzipSync(Buffer.alloc(30 * 1024 * 1024, 'a=b&'));

  it.each(bodies)('of 10 MB is refused at %s, whether its length is told or not', async (path, type) => {
    const before = await memory();
    const chunk = Buffer.concat([
      Buffer.from(`${ten.toString(16)}\r\n`),
      plain,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    const exchanges = await Promise.all([
      post(path, type, `Content-Length: ${ten}`, plain),
      post(path, type, 'Transfer-Encoding: chunked', chunk),
    ]);
    for (const { answers, closed } of exchanges) {
      // A client that still writes when the connection is closed may find it reset before it reads why.
      expect(answers.length === 1 || closed).toBe(true);
      expect(answers.map(({ status }) => status).filter((status) => status < 400)).toEqual([]);
      expect(answers.flatMap(faultsOf)).toEqual([]);
    }
    expect((await memory()) - before).toBeLessThan(60);
  });

  describe('that is compressed', () => {
    let exchanges: ReadonlyMap<string, Awaited<ReturnType<typeof post>>>;
    let grown: number;
    // All at once: together they may take no more than one may.
    beforeAll(async () => {
      const before = await memory();
      const sent = bodies.map(async ([path, type]) => {
        const encoding = `${type}\r\nContent-Encoding: gzip`;
        return [path, await post(path, encoding, `Content-Length: ${bomb.length}`, bomb)] as const;
      });
      exchanges = new Map(await Promise.all(sent));
      grown = (await memory()) - before;
    });

    it.each(bodies)('is not opened at %s', (path) => {
      const { answers } = exchanges.get(path)!;
      expect(answers.map(({ status }) => status >= 300 && status < 500)).toEqual([true]);
      expect(grown).toBeLessThan(20);
    });
  });
});

describe('headers', () => {
  const about = (lines: string) =>
    overTheWire(world, `GET /jwks HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n\r\n`);

  it('without end are refused', async () => {
    for (const lines of [
      `X: ${'y'.repeat(100_000)}`,
      `${'x'.repeat(100_000)}: y`,
      'Xxxx: yyyy\r\n'.repeat(9_000).trimEnd(),
    ]) {
      const { answers, closed } = await about(lines);
      expect([closed, answers.map(({ status }) => status)]).toEqual([true, [431]]);
    }
  });

  it('in great number change nothing', async () => {
    expect((await about('X: y\r\n'.repeat(500).trimEnd())).answers[0]).toMatchObject({ status: 200 });
    // Newer releases of Node bound their number, older ones their length alone.
    const [many] = (await about('X: y\r\n'.repeat(3_000).trimEnd())).answers;
    expect([200, 431]).toContain(many?.status);
  });
});

describe('clients that take their time', () => {
  /** Opens so many connections that say `start`, then `more` every 200 ms. */
  const dribble = async (count: number, start: string, more: string) => {
    const sockets = await Promise.all(
      Array.from({ length: count }, async () => {
        const socket = net.connect(world.server.port, '127.0.0.1').on('error', () => {});
        await new Promise((resolve) => socket.once('connect', resolve));
        socket.resume().write(start);
        const timer = setInterval(() => socket.writable && socket.write(more), 200);
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
        return { socket, closed: closed.finally(() => clearInterval(timer)) };
      }),
    );
    return {
      closed: Promise.all(sockets.map(({ closed }) => closed)),
      end: () => {
        for (const { socket } of sockets) socket.destroy();
      },
    };
  };

  it.each([
    ['headers', () => `POST /token HTTP/1.1\r\nHost: ${host}\r\n`, 'X: y\r\n'],
    ['bodies', () => head('Content-Length: 50000'), 'a'],
  ] as const)('over their %s are sent away in time, while others are served', async (_, start, more) => {
    const startedAt = performance.now();
    const slow = await dribble(300, start(), more);
    const served = await Promise.all(Array.from({ length: 20 }, () => world.get('/jwks')));
    expect(new Set(served.map(({ status }) => status))).toEqual(new Set([200]));
    const patience = pause(12_000, 'they are still there');
    expect(await Promise.race([slow.closed.then(() => 'gone'), patience])).toBe('gone');
    expect(performance.now() - startedAt).toBeLessThan(12_000);
    slow.end();
  });

  it('that read nothing of what they asked for are sent away in time', async () => {
    const asked = `GET /jwks HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(20_000);
    expect(await untilClosedUnread(world.server.port, asked)).toBeLessThan(12_000);
    expect((await world.get('/jwks')).status).toBe(200);
  });

  it('are no more than the server takes at a time, and leave room when they go', async () => {
    const slow = await dribble(700, `POST /token HTTP/1.1\r\nHost: ${host}\r\n`, 'X: y\r\n');
    expect(await Promise.race([slow.closed.then(() => 'gone'), pause(12_000, 'they are still there')])).toBe(
      'gone',
    );
    slow.end();
    expect((await world.get('/jwks')).status).toBe(200);
  });
});
