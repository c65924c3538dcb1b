import type { lookup } from 'node:dns';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { InsideAddressRefused, outboundFetch, publicOnly } from './outbound-fetch.js';

/** A server of the inside that counts who got through to it, on every address of this machine. */
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

/** Spellings of this very machine, each of which leads an unguarded request to the trap. */
const thisMachine = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.0.0.1.',
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '0x7f.1',
  '127.255.255.254',
  '0',
  '0.0.0.0',
  '１２７.０.０.１',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '%31%32%37.0.0.1',
  'someone@127.0.0.1',
  'example.com:80@127.0.0.1',
  'localhost',
  'LOCALHOST',
  'ⓛocalhost',
];

/** Other addresses that are nobody's public one (RFC 6890), also those with an IPv4 address inside. */
const others = [
  '10.0.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::127.0.0.1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:a9fe:a9fe]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::127.0.0.1]',
  '[2002:7f00:1::]',
  '[2001:0:7f00:1::]',
  '[2001:db8::1]',
  '[100::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
];

describe('a guarded request to an address that others chose', () => {
  it.each(thisMachine)('does not reach this machine as %s, which an unguarded one does', async (host) => {
    await expect(guarded(`http://${host}:${port}/`)).rejects.toBeInstanceOf(InsideAddressRefused);
    expect(hits).toBe(0);
    expect((await unguarded(`http://${host}:${port}/`)).status).toBe(200);
    expect(hits).toBe(1);
  });

  it.each(others)('is not made to %s', async (host) => {
    await expect(guarded(`http://${host}:${port}/`)).rejects.toBeInstanceOf(InsideAddressRefused);
    await expect(guarded(`https://${host}:${port}/`)).rejects.toBeInstanceOf(InsideAddressRefused);
    expect(hits).toBe(0);
  });

  // A resolver may know these, or not.
  it.each([hostname(), 'localhost.', 'ip6-localhost'])(
    'does not reach this machine by the name %s',
    async (name) => {
      await expect(guarded(`http://${name}:${port}/`)).rejects.toThrow();
      expect(hits).toBe(0);
    },
  );

  it.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'data:application/json,{}'])(
    'is not made to %s',
    async (url) => {
      await expect(guarded(url)).rejects.toThrow();
      await expect(unguarded(url)).rejects.toThrow('only http and https');
    },
  );

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

describe('the resolution of a name', () => {
  type Found = { readonly address: string; readonly family: number };
  /** Resolves a name whose zone answers each question anew, as one does that rebinds it. */
  const resolved = async (turns: readonly (readonly Found[])[], all: boolean) => {
    let asked = 0;
    const dns = ((_name: string, _options: object, tell: (error: null, found: unknown) => void) =>
      tell(null, turns[asked++])) as unknown as typeof lookup;
    const found = await new Promise((resolve, reject) =>
      publicOnly(dns)('rebound.example.com', { all }, (error, address) =>
        error ? reject(error) : resolve(address),
      ),
    );
    return [asked, found];
  };
  const good = { address: '1.1.1.1', family: 4 };
  const bad = { address: '127.0.0.1', family: 4 };

  it('gives the connection the address that was judged, and asks once', async () => {
    expect(await resolved([[good], [bad]], false)).toEqual([1, '1.1.1.1']);
    expect(await resolved([[good], [bad]], true)).toEqual([1, [good]]);
  });

  it('leaves out what is inside, wherever it stands', async () => {
    expect(await resolved([[bad, good]], false)).toEqual([1, '1.1.1.1']);
    expect(await resolved([[bad, good, bad]], true)).toEqual([1, [good]]);
  });

  it.each([
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    'fe80::1%eth0',
    '169.254.169.254',
    '64:ff9b::a00:1',
    'no address',
  ])('refuses a name that stands for %s', async (address) => {
    for (const all of [true, false])
      await expect(resolved([[{ address, family: 4 }]], all)).rejects.toBeInstanceOf(InsideAddressRefused);
  });
});
