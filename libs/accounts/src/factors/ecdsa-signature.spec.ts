import { generateKeyPairSync, sign } from 'node:crypto';
import { isDerSignature } from './ecdsa-signature.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signatures = Array.from({ length: 40 }, (_, number) =>
  sign('sha256', Buffer.from([number]), privateKey),
);

describe('a signature of a passkey', () => {
  it('is taken as it was made', () => {
    expect(signatures.filter((signature) => !isDerSignature(signature))).toEqual([]);
  });

  it('is refused with any other tag or length, which leave its two numbers as they are', () => {
    for (const signature of signatures) {
      const s = 4 + signature[3]!;
      for (const at of [0, 1, 2, 3, s, s + 1]) {
        for (let bit = 0; bit < 8; bit += 1) {
          const turned = Buffer.from(signature);
          turned[at] = turned[at]! ^ (1 << bit);
          expect([at, bit, isDerSignature(turned)]).toEqual([at, bit, false]);
        }
      }
    }
  });

  it.each([
    ['nothing', ''],
    ['no numbers', '3000'],
    ['one number', '3003020101'],
    ['a negative number', '3006020181020101'],
    ['a number with a byte that it does not need', '300702020001020101'],
    ['a zero', '3006020100020101'],
    ['a number without bytes', '30050200020101'],
    ['bytes after it', '300602010102010100'],
    ['bytes in it after its numbers', '300702010102010100'],
    ['a length in two bytes', '308106020101020101'],
  ])('is refused with %s', (_, hex) => {
    expect(isDerSignature(Buffer.from(hex, 'hex'))).toBe(false);
  });
});
