import type { LookupAddress, lookup } from 'node:dns';
import { isIP } from 'node:net';
import { publicOnly } from '../../libs/token-endpoint/src/client/outbound-fetch.js';

/** Spellings of this very machine. */
export const thisMachine = [
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
  'localhost',
  'LOCALHOST',
  'ⓛocalhost',
];

/** Other addresses that are nobody's public one (RFC 6890), also those with an IPv4 address inside. */
export const inside = [
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

/** Zones that have a public address for whoever judges: the connection gets what was judged, and nobody asks a second time. */
export const rebinding: readonly (readonly [zone: string, answers: readonly (readonly string[])[]])[] = [
  ['is public when it is judged and this machine when it is connected to', [['1.1.1.1'], ['127.0.0.1']]],
  ['has this machine before a public address', [['127.0.0.1', '1.1.1.1']]],
  ['has this machine behind a public address', [['1.1.1.1', '127.0.0.1']]],
  ['has this machine around a public address, in IPv6', [['::1', '1.1.1.1', '::ffff:127.0.0.1']]],
];

/** The addresses that the guard hands to a connection, of a name with these answers, one for each question; and how many questions it asked. */
export async function judged(answers: readonly (readonly string[])[], all: boolean) {
  let questions = 0;
  const dns = ((_name: string, _options: object, tell: (error: null, found: unknown) => void) => {
    const found = answers[questions] ?? [];
    questions += 1;
    tell(
      null,
      found.map((address) => ({ address, family: isIP(address) })),
    );
  }) as unknown as typeof lookup;
  const given = await new Promise<unknown>((resolve, reject) =>
    publicOnly(dns)('rebinding.ssrf.example', { all }, (error, address) =>
      error ? reject(error) : resolve(address),
    ),
  );
  const addresses =
    typeof given === 'string' ? [given] : (given as LookupAddress[]).map((one) => one.address);
  return { questions, addresses };
}
