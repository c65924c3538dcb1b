import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inside, judged, rebinding, thisMachine } from '../../../../test/support/inside-addresses.js';
import { InsideAddressRefused, outboundFetch } from './outbound-fetch.js';

/** A server of the inside that counts who got through to it. */
let trap: Server;
let port: number;
let hits = 0;
/** Answers of the trap by path. */
const answers: Record<string, (response: import('node:http').ServerResponse) => void> = {
  '/away': (response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/inside` }).end(),
  '/slow': (response) => void response.writeHead(200).write('{'),
  '/600': (response) => response.writeHead(600).end('{}'),
  '/999': (response) => response.writeHead(999).end('{}'),
  '/099': (response) => response.socket?.end('HTTP/1.1 099 Odd\r\ncontent-length: 2\r\n\r\n{}'),
  '/000': (response) => response.socket?.end('HTTP/1.1 000 Odd\r\ncontent-length: 2\r\n\r\n{}'),
  '/101': (response) => response.writeHead(101, { connection: 'upgrade', upgrade: 'odd' }).end(),
};
beforeAll(async () => {
  trap = createServer((request, response) => {
    hits += 1;
    const answer = answers[request.url ?? ''];
    if (answer) answer(response);
    else response.end('{}');
  });
  await new Promise<void>((resolve) => trap.listen(0, '0.0.0.0', resolve));
  port = (trap.address() as AddressInfo).port;
});
afterAll(async () => {
  trap.closeAllConnections();
  await new Promise((resolve) => trap.close(resolve));
});
beforeEach(() => {
  hits = 0;
});

const guarded = outboundFetch({ allowInside: false, timeoutMs: 2_000 });
const unguarded = outboundFetch({ allowInside: true, timeoutMs: 2_000 });

// The whole way from the authorization endpoint is tried by test/e2e/ssrf-tricks.test.ts, with names that others resolve.
describe('a guarded request to an address that others chose', () => {
  it.each([...thisMachine, ...inside])('is not made to %s', async (host) => {
    for (const scheme of ['http', 'https'])
      await expect(guarded(`${scheme}://${host}:${port}/`)).rejects.toBeInstanceOf(InsideAddressRefused);
    expect(hits).toBe(0);
  });

  it.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'data:application/json,{}'])(
    'is not made to %s',
    async (url) => {
      await expect(guarded(url)).rejects.toThrow();
      await expect(unguarded(url)).rejects.toThrow('only http and https');
    },
  );

  it.each(rebinding)('goes to nothing but what was judged of a name that %s', async (_, answers) => {
    for (const all of [true, false])
      expect(await judged(answers, all)).toEqual({ questions: 1, addresses: ['1.1.1.1'] });
  });

  it('does not go on over a connection that somebody else was allowed to open to the same name', async () => {
    await (await unguarded(`http://localhost:${port}/`)).text();
    await expect(guarded(`http://localhost:${port}/`)).rejects.toBeInstanceOf(InsideAddressRefused);
    expect(hits).toBe(1);
  });
});

describe('every request to an address that others chose', () => {
  it('leaves a redirect to whoever asked', async () => {
    const answer = await unguarded(`http://127.0.0.1:${port}/away`);
    expect([answer.status, hits]).toEqual([302, 1]);
    await answer.text();
  });

  // Thrown in the listener of the answer, it ended the process.
  it.each(['600', '999', '099', '000', '101'])(
    'fails where it is answered with the status %s',
    async (status) => {
      await expect(unguarded(`http://127.0.0.1:${port}/${status}`)).rejects.toThrow();
      expect(hits).toBe(1);
      expect((await unguarded(`http://127.0.0.1:${port}/`)).status).toBe(200);
    },
  );

  it('is over in time, also where the answer never ends', async () => {
    const hasty = outboundFetch({ allowInside: true, timeoutMs: 100 });
    const answer = await hasty(`http://127.0.0.1:${port}/slow`);
    await expect(answer.text()).rejects.toThrow();
  });
});
