import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { maxLogoBytes, rewrittenPng } from './png.js';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const chunk = (type: string, data: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([word(data.length), named, word(crc32(named))]);
};
const header = (width: number, height: number, [depth, colour, interlace] = [8, 2, 0]): Buffer =>
  Buffer.concat([word(width), word(height), Buffer.from([depth!, colour!, 0, 0, interlace!])]);
const rows = (width: number, height: number): Buffer =>
  Buffer.concat(Array.from({ length: height }, () => Buffer.alloc(1 + width * 3).fill(200, 1)));
const end = chunk('IEND', Buffer.alloc(0));
const png = (...chunks: readonly Buffer[]): Buffer => Buffer.concat([signature, ...chunks]);
const pixels = chunk('IDAT', deflateSync(rows(4, 2)));
const start = chunk('IHDR', header(4, 2));

it('writes a picture anew with its pixels, and leaves out all that is none', () => {
  const [one, two] = [deflateSync(rows(4, 2)).subarray(0, 5), deflateSync(rows(4, 2)).subarray(5)];
  const sent = png(
    start,
    chunk('tEXt', Buffer.from('Comment\0<script>alert(1)</script>')),
    chunk('IDAT', one),
    chunk('IDAT', two),
    chunk('eXIf', Buffer.from('place')),
    end,
  );
  const written = rewrittenPng(sent) as Buffer;
  expect(written.includes('script')).toBe(false);
  expect(written.includes('eXIf')).toBe(false);
  const data = written.subarray(written.indexOf('IDAT') + 4, written.indexOf('IEND') - 8);
  expect(inflateSync(data).equals(rows(4, 2))).toBe(true);
  expect(rewrittenPng(written)).toEqual(written);
});

const palette = chunk('PLTE', Buffer.from([1, 2, 3, 4, 5, 6]));
const indexed = chunk('IHDR', header(8, 1, [1, 3, 0]));
const oneRow = chunk('IDAT', deflateSync(Buffer.from([0, 0b10101010])));

it('takes a picture with a palette', () => {
  expect(
    Buffer.isBuffer(rewrittenPng(png(indexed, palette, chunk('tRNS', Buffer.from([0])), oneRow, end))),
  ).toBe(true);
});

it.each<[string, Buffer, RegExp]>([
  ['nothing', Buffer.alloc(0), /must be a PNG/],
  ['another kind of file', Buffer.from('GIF89a'), /must be a PNG/],
  ['a drawing', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), /must be a PNG/],
  ['one that is cut off', png(start, pixels, end).subarray(0, -6), /whole PNG/],
  ['one without an end', png(start, pixels), /whole PNG/],
  [
    'one with something behind its end',
    Buffer.concat([png(start, pixels, end), Buffer.from('PK')]),
    /behind the end/,
  ],
  ['one that is damaged', png(start, pixels, end).fill(1, 20, 21), /without damage/],
  ['one with two headers', png(start, start, pixels, end), /in order/],
  ['one that begins with its pixels', png(pixels, start, end), /begins with its header/],
  ['one with its palette behind its pixels', png(indexed, oneRow, palette, end), /in order/],
  ['one without the palette that it needs', png(indexed, oneRow, end), /palette/],
  [
    'one with a critical chunk that nobody knows',
    png(start, chunk('EVIL', Buffer.alloc(1)), pixels, end),
    /known kinds/,
  ],
  ['one without pixels', png(start, end), /pixels can be read/],
  ['one with too few pixels', png(chunk('IHDR', header(4, 3)), pixels, end), /pixels can be read/],
  ['one with more pixels than it says', png(chunk('IHDR', header(4, 1)), pixels, end), /pixels can be read/],
  ['one that is too wide', png(chunk('IHDR', header(513, 2)), pixels, end), /512 pixels/],
  ['one without height', png(chunk('IHDR', header(4, 0)), pixels, end), /512 pixels/],
  [
    'one of four billion pixels',
    png(chunk('IHDR', header(0xffffffff, 0xffffffff)), pixels, end),
    /512 pixels/,
  ],
  ['one that is interlaced', png(chunk('IHDR', header(4, 2, [8, 2, 1])), pixels, end), /interlaced/],
  [
    'one of a colour type that there is not',
    png(chunk('IHDR', header(4, 2, [8, 5, 0])), pixels, end),
    /known kinds/,
  ],
  [
    'one whose pixels unpack to a flood',
    png(start, chunk('IDAT', deflateSync(Buffer.alloc(10_000_000))), end),
    /pixels can be read/,
  ],
  [
    'one with a filter that there is not',
    png(start, chunk('IDAT', deflateSync(Buffer.alloc(26, 9))), end),
    /pixels can be read/,
  ],
  ['one that is too large', Buffer.alloc(maxLogoBytes + 1), /at most 32768 bytes/],
])('refuses %s', (_, sent, fault) => {
  expect(rewrittenPng(sent)).toMatch(fault);
});
