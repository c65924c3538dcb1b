import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { AskedRequest } from '@curfew/web';
import { type Passage, ReverseProxy } from './reverse-proxy.js';

const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

const listening = async (server: Server): Promise<number> => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
};

const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

const asked: AskedRequest = {
  method: 'GET',
  scheme: 'http',
  host: 'shop.example.test',
  path: '/live',
  reading: { sent: '/live', meanings: ['/live'], caseless: ['/live'], traits: [] },
  query: '',
};

/** A request that may pass to an upstream. */
const passageTo = (upstream: URL): Passage => ({
  asked,
  allowed: {
    kind: 'allowed',
    route: {
      name: 'shop',
      match: { hosts: [asked.host], schemes: ['http'], path: '/**', methods: [], caseSensitive: false },
      api: null,
      required: {},
      upstream,
      passToken: false,
      browser: undefined,
    },
    facts: null,
    ownCookies: [],
    now: 0,
    watch: () => () => {},
  },
  client: '127.0.0.1',
  answerHeaders: {},
  more: {},
  cookies: [],
});

describe('a WebSocket', () => {
  const [upstream, gateway] = [createServer(), createServer()];
  const proxy = new ReverseProxy(
    () => ({ clientCertificateHeader: undefined, removedHeaders: [] }),
    () => {},
  );
  let port: number;
  beforeAll(async () => {
    const target = new URL(`http://127.0.0.1:${await listening(upstream)}`);
    gateway.on('upgrade', (message, socket, head) => {
      socket.on('error', () => {});
      proxy.upgrade(message, socket, head, passageTo(target), () => {});
    });
    port = await listening(gateway);
  });
  afterAll(() => {
    proxy.close();
    for (const server of [gateway, upstream]) server.close();
  });

  it('whose client left before its upstream answered is not kept, and its upstream is left as well', async () => {
    const opened = once(upstream, 'upgrade') as Promise<[unknown, Socket]>;
    const arrived = once(gateway, 'upgrade') as Promise<[unknown, Socket]>;
    const client = request({ host: '127.0.0.1', port, path: '/live', headers: handshake, agent: false });
    client.on('error', () => {}).end();
    const [[, atGateway], [, atUpstream]] = [await arrived, await opened];
    const isGone = closed(atGateway);
    client.socket!.resetAndDestroy();
    await isGone;
    const isLeft = closed(atUpstream.on('error', () => {}));
    atUpstream.resume().on('end', () => atUpstream.end());
    atUpstream.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    await isLeft;
    // A stop waits a second for the streams that it hands over: here is none.
    const began = performance.now();
    await proxy.handOver();
    expect(performance.now() - began).toBeLessThan(500);
  });
});
