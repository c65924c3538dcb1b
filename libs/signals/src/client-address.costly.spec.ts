import fc from 'fast-check';
import { canonicalAddress, clientAddress, networkPrefix } from './client-address.js';

const proxy = '10.0.0.2';
const client = '203.0.113.9';
const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();

describe('the address of the client', () => {
  it('is the socket’s, and no header is believed, when no hop is trusted', () => {
    fc.assert(
      fc.property(ipv4, fc.string(), (socket, header) => clientAddress(socket, header, 0) === socket),
    );
  });

  it('is what the one trusted proxy saw, whatever the client claimed before it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(ipv4, ipv6, fc.string())), (claims) => {
        const header = [...claims, client].join(', ');
        return clientAddress(proxy, header, 1) === client;
      }),
    );
  });

  it('is the first untrusted hop from the right with several proxies', () => {
    fc.assert(
      fc.property(fc.array(ipv4, { maxLength: 5 }), fc.array(ipv4, { maxLength: 4 }), (claims, proxies) => {
        const header = [...claims, client, ...proxies].join(',');
        return clientAddress(proxy, header, proxies.length + 1) === client;
      }),
    );
  });

  it('is the left-most entry when a request entered behind the outer proxy', () => {
    expect(clientAddress(proxy, client, 3)).toBe(client);
  });

  it('is the socket’s when the trusted proxy sent no header', () => {
    expect(clientAddress(client, undefined, 1)).toBe(client);
    expect(clientAddress(client, ' , ,', 1)).toBe(client);
  });

  it('reads several headers as one list', () => {
    expect(clientAddress(proxy, ['198.51.100.1', `198.51.100.2, ${client}`], 1)).toBe(client);
    expect(clientAddress(proxy, ['198.51.100.1', client], 2)).toBe('198.51.100.1');
  });

  it('is not known when the trusted proxy wrote no address, rather than the proxy’s own', () => {
    expect(clientAddress(proxy, `${client}, unknown`, 1)).toBeNull();
  });

  it('is not known without a socket address', () => {
    expect(clientAddress(undefined, undefined, 0)).toBeNull();
  });
});

describe('one address', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::FFFF:cb00:7109', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:80', '203.0.113.9'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['"[2001:db8::1]:443"', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('written as %s is %s', (text, canonical) => expect(canonicalAddress(text)).toBe(canonical));

  it.each([
    '',
    'unknown',
    '_hidden',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '010.0.0.1',
    '2130706433',
    '256.1.1.1',
    '1.2.3.4.5',
    '203.0.113.9:',
    '203.0.113.9:port',
    '203.0.113.9/24',
    '[203.0.113.9]',
    '[2001:db8::1',
    '2001:db8::1]:443',
    '2001:db8::1::2',
    ':::',
    '203.0.113.9\u0000',
    `2001:db8::1%${'x'.repeat(200)}`,
  ])('cannot be %j', (text) => expect(canonicalAddress(text)).toBeNull());

  it('has one text per address', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (text) => {
        const canonical = canonicalAddress(text);
        return canonical !== null && canonicalAddress(canonical) === canonical;
      }),
    );
  });

  it('never throws and yields an address or null for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const result = canonicalAddress(text);
        return result === null || canonicalAddress(result) === result;
      }),
    );
  });
});

describe('the network of an address', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const group = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16));

  it('stays the same while a client roams inside a /24', () => {
    fc.assert(
      fc.property(byte, byte, byte, byte, byte, (a, b, c, d, e) => {
        return networkPrefix(`${a}.${b}.${c}.${d}`) === networkPrefix(`${a}.${b}.${c}.${e}`);
      }),
    );
  });

  it('stays the same while a client roams inside a /64', () => {
    const half = fc.array(group, { minLength: 4, maxLength: 4 });
    // 2001: keeps the addresses out of ::ffff:0:0/96, which is IPv4.
    const network = fc.array(group, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(network, half, half, (net, one, other) => {
        const at = (host: string[]) => networkPrefix(['2001', ...net, ...host].join(':'));
        return at(one) === at(other) && at(one) !== null;
      }),
    );
  });

  it.each([
    ['203.0.113.9', '203.0.113.0/24'],
    ['::ffff:203.0.113.9', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['nonsense', null],
    [null, null],
  ])('of %s is %s', (ip, prefix) => expect(networkPrefix(ip)).toBe(prefix));

  it('differs between neighbouring networks', () => {
    expect(networkPrefix('203.0.113.9')).not.toBe(networkPrefix('203.0.114.9'));
    expect(networkPrefix('2001:db8:1:2::1')).not.toBe(networkPrefix('2001:db8:1:3::1'));
  });
});
