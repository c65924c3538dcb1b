import net from 'node:net';

/** Stands between the server and PostgreSQL and writes down every statement that is carried out. */
export interface StatementCounter {
  readonly url: string;
  /** Starts to count anew. */
  reset(): void;
  /** The statements since then, each with its blanks in one form, in order. */
  carriedOut(): readonly string[];
  /** Every statement there was since the beginning, once. */
  all(): ReadonlySet<string>;
  close(): Promise<void>;
}

const zeroTerminated = (message: Buffer, from: number): [string, number] => {
  const end = message.indexOf(0, from);
  return [message.toString('utf8', from, end), end + 1];
};

/** Reads one connection as the server would (PostgreSQL, frontend/backend protocol, message formats). */
class Reader {
  #rest = Buffer.alloc(0);
  #started = false;
  readonly #prepared = new Map<string, string>();
  readonly #portals = new Map<string, string>();

  constructor(private readonly note: (statement: string) => void) {}

  take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const header = this.#started ? 1 : 0;
      if (this.#rest.length < header + 4) return;
      const length = header + this.#rest.readUInt32BE(header);
      if (this.#rest.length < length) return;
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      if (this.#started) this.#read(String.fromCharCode(message[0]!), message.subarray(5));
      // The first message is the startup message, unless it only asks for TLS (code 80877103).
      else this.#started = message.readUInt32BE(4) !== 80_877_103;
    }
  }

  #read(type: string, body: Buffer): void {
    if (type === 'Q') this.note(zeroTerminated(body, 0)[0]);
    if (type === 'P') {
      const [name, next] = zeroTerminated(body, 0);
      this.#prepared.set(name, zeroTerminated(body, next)[0]);
    }
    if (type === 'B') {
      const [portal, next] = zeroTerminated(body, 0);
      this.#portals.set(portal, this.#prepared.get(zeroTerminated(body, next)[0]) ?? 'unknown');
    }
    if (type === 'E') this.note(this.#portals.get(zeroTerminated(body, 0)[0]) ?? 'unknown');
  }
}

/** Puts a counter in front of the server of `databaseUrl`. */
export async function countStatements(databaseUrl: string): Promise<StatementCounter> {
  const target = new URL(databaseUrl);
  let statements: string[] = [];
  const all = new Set<string>();
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(target.port || 5432), target.hostname);
    const reader = new Reader((text) => {
      const statement = text.replaceAll(/\s+/g, ' ').trim();
      statements.push(statement);
      all.add(text.trim());
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk: Buffer) => {
      reader.take(chunk);
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => client.write(chunk));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as net.AddressInfo).port);
  return {
    url: url.href,
    reset() {
      statements = [];
    },
    carriedOut: () => statements,
    all: () => all,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
