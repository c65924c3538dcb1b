import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { HttpServer } from './http-server.js';

describe('a server that stops', () => {
  let server: Server;
  let httpServer: HttpServer;
  let answer: ServerResponse;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    httpServer = new HttpServer(
      (_request, response) => {
        answer = response;
        server.emit('asked');
      },
      { headersTimeoutMs: 5_000, requestTimeoutMs: 5_000, sendTimeoutMs: 60_000, maxConnections: 2 },
    );
    ({ server } = httpServer);
    await httpServer.open({ host: '127.0.0.1', port: 0 });
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.closeAllConnections();
    server.close();
  });

  const connected = async (bytes = ''): Promise<{ text: Promise<string> }> => {
    const accepted = new Promise((resolve) => server.once('connection', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    const text = new Promise<string>((resolve) => {
      let all = '';
      socket.on('data', (some) => {
        all += some;
      });
      socket.once('close', () => resolve(all));
    });
    if (bytes) socket.write(bytes);
    await accepted;
    return { text };
  };
  const stopped = (graceMs = 60_000) => httpServer.close(graceMs);

  it('does not wait for connections on which nothing was asked', async () => {
    await connected();
    await connected();
    await stopped();
    expect(server.listening).toBe(false);
  }, 5_000);

  it('answers what was asked before it closes the connection', async () => {
    const asked = new Promise((resolve) => server.once('asked', resolve));
    const { text } = await connected('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await asked;
    const done = stopped();
    answer.end('all of it');
    expect(await text).toContain('all of it');
    await done;
  });

  it('takes requests while it drains, and closes each connection with its answer', async () => {
    const asking = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
    const asked = () => new Promise((resolve) => server.once('asked', resolve));
    let next = asked();
    const before = await connected(asking);
    await next;
    const done = httpServer.drain(200);
    answer.end('under way');
    next = asked();
    const meanwhile = await connected(asking);
    await next;
    answer.end('taken');
    for (const [{ text }, word] of [
      [before, 'under way'],
      [meanwhile, 'taken'],
    ] as const) {
      expect(await text).toContain(word);
      expect(await text).toMatch(/^connection: close/im);
    }
    await done;
    expect(server.listening).toBe(true);
  });

  it('waits for the rest of a request that has begun', async () => {
    const { text } = await connected('GET / HTTP/1.1\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const done = stopped();
    const asked = new Promise((resolve) => server.once('asked', resolve));
    sockets[0]!.write('Host: x\r\nConnection: close\r\n\r\n');
    await asked;
    answer.end('all of it');
    expect(await text).toContain('all of it');
    await done;
  });

  it('closes what is still open when its time is up, also what was upgraded', async () => {
    server.on('upgrade', (_request, socket: Socket) => {
      socket.on('error', () => {});
      server.emit('asked');
    });
    const asked = new Promise((resolve) => server.once('asked', resolve));
    const { text } = await connected(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await asked;
    await stopped(0);
    expect(await text).toBe('');
  });

  it('admits a connection once, however often its requests are read again', async () => {
    const admitted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    await connected();
    await connected();
    const socket = await admitted;
    const listeners = socket.listenerCount('close');
    // As the gateway does with an upgrade that it ignores; both connections that the limit allows are taken.
    const [admit] = server.listeners('connection').slice(-1);
    for (let count = 0; count < 20; count += 1) admit!.call(server, socket);
    expect([socket.destroyed, socket.listenerCount('close')]).toEqual([false, listeners]);
  });

  it('closes a connection beyond its limit, and answers those before it', async () => {
    const asked = new Promise((resolve) => server.once('asked', resolve));
    const first = await connected('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await asked;
    await connected();
    expect(await (await connected()).text).toBe('');
    answer.end('all of it');
    expect(await first.text).toContain('all of it');
  });
});

describe('a client that does not read', () => {
  const pieces = Array.from({ length: 256 }, () => Buffer.alloc(65_536, 'x'));
  const all = 256 * 65_536;
  let server: HttpServer;
  let port: number;
  let slow: ServerResponse | undefined;
  beforeAll(async () => {
    server = new HttpServer(
      ({ url }, response) => {
        if (url === '/large') Readable.from(pieces).pipe(response);
        else slow = response;
      },
      {
        headersTimeoutMs: 5_000,
        requestTimeoutMs: 5_000,
        sendTimeoutMs: 400,
        maxConnections: 10,
        upgrades: {
          wants: () => true,
          take: (_, socket) => void Readable.from(pieces).pipe(socket),
        },
      },
    );
    port = await server.open({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => server.close(0));
  const closed = async (seen: Socket) => new Promise<void>((resolve) => seen.once('close', () => resolve()));
  const ask = async (lines: string): Promise<readonly [client: Socket, seen: Socket]> => {
    const accepted = new Promise<Socket>((resolve) => server.server.once('connection', resolve));
    const client = connect(port, '127.0.0.1').on('error', () => {});
    client.write(`${lines}\r\nHost: x\r\n\r\n`);
    return [client, await accepted];
  };

  it('is sent away after a while, also where it goes on sending', async () => {
    for (const more of ['', '\r\n']) {
      const [client, seen] = await ask('GET /large HTTP/1.1');
      const sending = setInterval(() => client.write(more), 50);
      await closed(seen);
      clearInterval(sending);
      client.destroy();
    }
  });

  it('is sent away after an upgrade, too', async () => {
    const [client, seen] = await ask('GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket');
    await closed(seen);
    client.destroy();
  });

  it('for less than that time gets all of it', async () => {
    const [client] = await ask('GET /large HTTP/1.1\r\nConnection: close');
    let read = 0;
    for await (const chunk of client) {
      const before = Math.floor(read / 2_000_000);
      read += (chunk as Buffer).length;
      if (Math.floor(read / 2_000_000) > before) await pause(150);
    }
    expect(read).toBeGreaterThan(all);
  });

  it('because its answer has yet to come is left alone', async () => {
    const [client, seen] = await ask('GET /slow HTTP/1.1');
    await pause(1_000);
    expect(seen.destroyed).toBe(false);
    slow!.end('at last');
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toContain('at last');
    client.destroy();
  });
});

describe('a request for another protocol that nobody takes (RFC 9110 §7.8)', () => {
  const large = 'x'.repeat(300_000);
  const body = (text: string) => `Content-Length: ${text.length}\r\n\r\n${text}`;
  const upgrades = ['h2c', 'TLS/1.2', 'websocket', 'h2c, foo'];
  const bodies: readonly (readonly [string, string, string])[] = [
    ['nothing', 'GET', '\r\n'],
    ['an empty body', 'POST', body('')],
    ['a small body', 'POST', body('hello')],
    ['a large body', 'POST', body(large)],
    ['chunks', 'POST', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ];
  const rows = bodies.flatMap(([what, method, rest]) =>
    upgrades.flatMap((upgrade) =>
      [true, false].map((isEarly) => [what, upgrade, isEarly, method, rest] as const),
    ),
  );

  it.each(rows)(
    'with %s and Upgrade: %s, answered early: %s, is answered, and so is what follows at once',
    async (_, upgrade, isEarly, method, rest) => {
      const asked: string[] = [];
      const httpServer = new HttpServer(
        (request, response) => {
          asked.push(`${request.method} ${request.url}`);
          if (isEarly) response.end(`to ${request.url};`);
          else request.resume().once('end', () => response.end(`to ${request.url};`));
        },
        { headersTimeoutMs: 5_000, requestTimeoutMs: 5_000, sendTimeoutMs: 60_000, maxConnections: 2 },
      );
      const port = await httpServer.open({ host: '127.0.0.1', port: 0 });
      const socket = connect(port, '127.0.0.1');
      let answered = '';
      const last = new Promise<void>((resolve) => {
        socket.on('data', (some) => {
          answered += some;
          if (answered.includes('to /third;')) resolve();
        });
      });
      const next = 'GET /next HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
      socket.write(
        `${method} /first HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: ${upgrade}\r\n${rest}${next}GET /third HTTP/1.1\r\nHost: x\r\n\r\n`,
      );
      await last;
      socket.destroy();
      await httpServer.close(0);
      expect(asked).toEqual([`${method} /first`, 'GET /next', 'GET /third']);
      expect(answered.match(/to \/\w+;/g)).toEqual(['to /first;', 'to /next;', 'to /third;']);
    },
    10_000,
  );
});
