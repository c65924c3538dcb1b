import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** An application that counts, on server-sent events and on WebSockets, and goes on where its client left off. */
export interface CountingUpstream {
  readonly url: string;
  /** The statuses with which clients closed their WebSockets. */
  readonly statuses: readonly number[];
  stop(): Promise<void>;
}

const everyMs = 5;

/** Starts one on a free port. */
export async function countingUpstream(): Promise<CountingUpstream> {
  const statuses: number[] = [];
  const server = createServer((incoming, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let n = Number(incoming.headers['last-event-id'] ?? 0);
    // In pieces, so that what passes is seldom whole.
    let isWhole = true;
    const timer = setInterval(() => {
      if (isWhole) n += 1;
      response.write(isWhole ? `id: ${n}\ndata: ` : `${n}\n\n`);
      isWhole = !isWhole;
    }, everyMs);
    response.on('close', () => clearInterval(timer));
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    const key = `${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.on('error', () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    let n = Number(/after=(\d+)/.exec(incoming.url ?? '')?.[1] ?? 0);
    const timer = setInterval(() => {
      n += 1;
      socket.write(frame(textOf(n)));
    }, everyMs);
    const frames = new FrameReader((opcode, payload) => {
      if (opcode !== 8) return;
      statuses.push(payload.readUInt16BE(0));
      socket.end();
    });
    socket.on('data', (chunk: Buffer) => frames.read(chunk)).on('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    statuses,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The text of a message: its number, and as much more as makes heads of each length. */
const textOf = (n: number): Buffer => Buffer.from(`${n} `.padEnd([5, 300, 70_000][n % 3]!, '.'));

/** One frame with a whole message, from a server. */
function frame(payload: Buffer, opcode = 1): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, length]), payload]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 65_536 ? 126 : 127;
  if (length < 65_536) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** The same from a client, which masks it (RFC 6455 §5.3). */
function masked(payload: Buffer, opcode: number): Buffer {
  const mask = [1, 2, 3, 4];
  const body = payload.map((byte, at) => byte ^ mask[at % 4]!);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, ...mask]), body]);
}

/** Reads whole frames (RFC 6455 §5.2). */
class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  constructor(private readonly onFrame: (opcode: number, payload: Buffer) => void) {}

  read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let end = this.#one(); end > 0; end = this.#one()) this.#rest = this.#rest.subarray(end);
  }

  /** Bytes of the first frame, once it is whole and was handed on. */
  #one(): number {
    const bytes = this.#rest;
    if (bytes.length < 2) return 0;
    const short = bytes[1]! & 0x7f;
    const head = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < head) return 0;
    const length =
      short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    const mask = bytes[1]! & 0x80 ? bytes.subarray(head, head + 4) : undefined;
    const begin = head + (mask ? 4 : 0);
    if (bytes.length < begin + length) return 0;
    const payload = bytes.subarray(begin, begin + length);
    this.onFrame(
      bytes[0]! & 0x0f,
      mask ? (payload.map((byte, at) => byte ^ mask[at % 4]!) as Buffer) : payload,
    );
    return begin + length;
  }
}

/** Reads the counting WebSocket, and opens it again where it left off as soon as it is closed. */
export class SocketReader {
  readonly numbers: number[] = [];
  /** The statuses with which it was closed. */
  readonly statuses: number[] = [];
  #socket: Socket | undefined;
  #isStopped = false;

  constructor(private readonly url: string) {
    void this.#open();
  }

  async #open(): Promise<void> {
    while (!this.#isStopped) {
      const socket = await this.#connect().catch(() => undefined);
      if (socket) await this.#read(socket);
      else await pause(50);
    }
  }

  #connect(): Promise<Socket> {
    const outgoing = request(`${this.url}?after=${this.numbers.at(-1) ?? 0}`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    outgoing.end();
    return new Promise((resolve, reject) => {
      outgoing.once('error', reject).once('response', () => reject(new Error('no WebSocket')));
      outgoing.once('upgrade', (_answer, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
    });
  }

  #read(socket: Socket): Promise<void> {
    this.#socket = socket;
    const frames = new FrameReader((opcode, payload) => {
      if (opcode === 1) this.numbers.push(Number(/^\d+/.exec(payload.toString())![0]));
      if (opcode !== 8) return;
      this.statuses.push(payload.readUInt16BE(0));
      socket.end(masked(payload.subarray(0, 2), 8));
    });
    socket.on('error', () => {}).on('data', (chunk: Buffer) => frames.read(chunk));
    return new Promise((resolve) => socket.once('close', () => resolve()));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#socket?.destroy();
  }
}
