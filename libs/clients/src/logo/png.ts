import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** Pixels of a logo along one side. */
export const maxLogoPixels = 512;

/** Bytes of a logo as it is sent, and as it is kept. */
export const maxLogoBytes = 32 * 1024;

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Samples of a pixel, and the bits that a sample may have, by colour type (PNG third edition, §11.2.1). */
const colourTypes: Readonly<
  Record<number, { readonly samples: number; readonly depths: readonly number[] }>
> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/** A picture that is not taken, and why. */
class UnfitPicture extends Error {}

const demand = (holds: boolean, sentence: string): void => {
  if (!holds) throw new UnfitPicture(sentence);
};

type Chunks = ReadonlyMap<string, Buffer>;

/**
 * The picture written anew, with the chunks that make its pixels and no other: no text, no metadata, nothing behind its end. Everything is
 * checked before it is kept, so that no decoder in a browser meets what somebody else has put together.
 *
 * @returns the picture, or the sentence that says what is wrong with it
 */
export function rewrittenPng(sent: Buffer): Buffer | string {
  try {
    return rewrite(sent);
  } catch (error) {
    if (error instanceof UnfitPicture) return error.message;
    // zlib names its errors by code, and nothing else is thrown here.
    return 'must be a PNG whose pixels can be read';
  }
}

function rewrite(sent: Buffer): Buffer {
  demand(sent.length <= maxLogoBytes, `must have at most ${maxLogoBytes} bytes`);
  demand(sent.subarray(0, 8).equals(signature), 'must be a PNG');
  const chunks = readChunks(sent);
  const header = chunks.get('IHDR') ?? Buffer.alloc(0);
  const pixels = readPixels(header, chunks);
  const kept = ['PLTE', 'tRNS'].filter((type) => chunks.has(type));
  const written = Buffer.concat([
    signature,
    chunk('IHDR', header),
    ...kept.map((type) => chunk(type, chunks.get(type)!)),
    chunk('IDAT', deflateSync(pixels, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  demand(written.length <= maxLogoBytes, `must have at most ${maxLogoBytes} bytes`);
  return written;
}

/** The chunks by type; those with pixels are joined, and those that change no pixel are left out. */
function readChunks(sent: Buffer): Chunks {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < sent.length; ) {
    demand(at + 12 <= sent.length, 'must be a whole PNG');
    const [length, type] = [sent.readUInt32BE(at), sent.toString('latin1', at + 4, at + 8)];
    const end = at + 8 + length;
    demand(end + 4 <= sent.length, 'must be a whole PNG');
    demand(crc32(sent.subarray(at + 4, end)) === sent.readUInt32BE(end), 'must be a PNG without damage');
    demand(chunks.size > 0 || type === 'IHDR', 'must be a PNG that begins with its header');
    const data = sent.subarray(at + 8, end);
    at = end + 4;
    if (type === 'IEND') {
      demand(at === sent.length, 'must have nothing behind the end of the PNG');
      return chunks;
    }
    if (type === 'IDAT') chunks.set(type, Buffer.concat([chunks.get(type) ?? Buffer.alloc(0), data]));
    else if (['IHDR', 'PLTE', 'tRNS'].includes(type)) {
      demand(
        !chunks.has(type) && (type === 'IHDR' || !chunks.has('IDAT')),
        'must be a PNG with its chunks in order',
      );
      chunks.set(type, data);
    } else demand(/^[a-z]/.test(type), 'must be a PNG of the known kinds');
  }
  throw new UnfitPicture('must be a whole PNG');
}

/** The filtered rows of pixels, as many bytes as the header promises. */
function readPixels(header: Buffer, chunks: Chunks): Buffer {
  demand(header.length === 13, 'must be a PNG with a header of 13 bytes');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, colour, compression, filter, interlace] = header.subarray(8) as unknown as number[];
  const isInside = (pixels: number): boolean => pixels >= 1 && pixels <= maxLogoPixels;
  demand(
    isInside(width) && isInside(height),
    `must have between 1 and ${maxLogoPixels} pixels along each side`,
  );
  const kind = colourTypes[colour!];
  demand(
    kind?.depths.includes(depth!) === true && compression === 0 && filter === 0,
    'must be a PNG of the known kinds',
  );
  demand(interlace === 0, 'must not be interlaced');
  demand(hasRightColours(colour!, chunks), 'must be a PNG with a palette where it needs one');
  const row = Math.ceil((width * kind!.samples * depth!) / 8) + 1;
  const pixels = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0), { maxOutputLength: row * height });
  const isFiltered = Array.from({ length: height }, (_, y) => pixels[y * row] ?? 5).every((one) => one <= 4);
  demand(pixels.length === row * height && isFiltered, 'must be a PNG whose pixels can be read');
  return pixels;
}

function hasRightColours(colour: number, chunks: Chunks): boolean {
  const [palette, transparency] = [chunks.get('PLTE')?.length, chunks.get('tRNS')?.length];
  if (colour === 3 && palette === undefined) return false;
  if (palette !== undefined && (palette % 3 !== 0 || palette === 0 || palette > 768 || colour % 4 === 0))
    return false;
  if (transparency === undefined) return true;
  if (colour === 3) return transparency <= palette! / 3;
  return transparency === (colour === 0 ? 2 : colour === 2 ? 6 : -1);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
