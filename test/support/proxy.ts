import net from 'node:net';

/** Stands between the product and its database, and spoils the connection in the ways networks do. */
export interface DatabaseProxy {
  /** The same database, by way of the proxy. */
  readonly url: string;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  /** Holds back everything, both ways, while connections stay up: a cable pulled, a host frozen. */
  freeze(): void;
  /** Adds so many milliseconds to each direction. */
  delay(milliseconds: number): void;
  /** Breaks a connection right after the client's bytes `text` went to the server, so that the answer is never seen. */
  cutAfterClientSends(text: string): Promise<void>;
  /** Breaks every connection, and leads new ones to another server. */
  turnTo(databaseUrl: string): void;
  /** Lets everything through again; connections that were frozen stay dead. */
  heal(): void;
  close(): Promise<void>;
}

type State = 'open' | 'cut' | 'frozen';

/** Puts a proxy in front of the server of `databaseUrl`. */
export async function proxyTo(databaseUrl: string): Promise<DatabaseProxy> {
  let target = new URL(databaseUrl);
  const pairs = new Set<readonly [net.Socket, net.Socket]>();
  let state: State = 'open';
  let delayMs = 0;
  let trap: { text: Buffer; sprung: () => void } | undefined;

  const breakPair = (pair: readonly [net.Socket, net.Socket]): void => {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  };
  const forward = (chunk: Buffer, to: net.Socket): void => {
    if (state === 'frozen') return;
    if (delayMs === 0) to.write(chunk);
    else setTimeout(() => to.destroyed || to.write(chunk), delayMs);
  };
  const server = net.createServer((client) => {
    if (state === 'cut') return client.destroy();
    const upstream = net.connect(Number(target.port || 5432), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) socket.on('error', () => breakPair(pair)).on('close', () => breakPair(pair));
    client.on('data', (chunk: Buffer) => {
      const sprung = trap && chunk.includes(trap.text) ? trap.sprung : undefined;
      if (!sprung) return forward(chunk, upstream);
      trap = undefined;
      upstream.write(chunk, () => {
        upstream.end(); // the server still reads and does what it was told
        client.destroy();
        sprung();
      });
    });
    upstream.on('data', (chunk: Buffer) => forward(chunk, client));
    return client;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as net.AddressInfo).port);

  return {
    url: url.href,
    cut() {
      state = 'cut';
      for (const pair of pairs) breakPair(pair);
    },
    freeze() {
      state = 'frozen';
    },
    delay(milliseconds) {
      delayMs = milliseconds;
    },
    cutAfterClientSends: (text) =>
      new Promise((resolve) => {
        trap = { text: Buffer.from(text), sprung: resolve };
      }),
    turnTo(other) {
      target = new URL(other);
      for (const pair of pairs) breakPair(pair);
    },
    heal() {
      if (state === 'frozen') for (const pair of pairs) breakPair(pair);
      state = 'open';
      delayMs = 0;
    },
    async close() {
      for (const pair of pairs) breakPair(pair);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
