import { closeFrame, FrameBoundaries } from './frame-boundaries.js';

/** A frame of a server with this many bytes. */
function frame(length: number, opcode = 0x82): Buffer {
  const head =
    length < 126
      ? [opcode, length]
      : length < 65_536
        ? [opcode, 126, length >> 8, length & 0xff]
        : [
            opcode,
            127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 0xff,
            (length >> 8) & 0xff,
            length & 0xff,
          ];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, 0x88)]);
}
const farewell = closeFrame(1012);

/** Everything that passes when the frames come in pieces of this size, and the last one is asked for after so many pieces. */
async function passed(frames: readonly Buffer[], piece: number, closeAfter: number): Promise<Buffer> {
  const boundaries = new FrameBoundaries();
  const out: Buffer[] = [];
  boundaries.on('data', (chunk: Buffer) => out.push(chunk));
  const bytes = Buffer.concat(frames);
  let count = 0;
  for (let at = 0; at < bytes.length; at += piece) {
    if (count++ === closeAfter) boundaries.close(farewell);
    await new Promise<void>((resolve) => boundaries.write(bytes.subarray(at, at + piece), () => resolve()));
  }
  boundaries.end();
  await new Promise((resolve) => boundaries.once('end', resolve));
  return Buffer.concat(out);
}

describe('the way of frames to a client', () => {
  // In small pieces, long frames would take long and show nothing more.
  const framesFor = (piece: number) =>
    [0, 5, 125, 126, 300, ...(piece < 100 ? [] : [65_535, 65_536]), 1, 2].map((length) => frame(length));

  it.each([1, 2, 3, 1_000, 1_000_000])('changes nothing, in pieces of %d bytes', async (piece) => {
    const frames = framesFor(piece);
    expect((await passed(frames, piece, -1)).equals(Buffer.concat(frames))).toBe(true);
  });

  it.each([1, 7, 100, 4_096, 70_000])(
    'ends with the last frame behind a whole one, whenever it is asked for, in pieces of %d bytes',
    async (piece) => {
      const frames = framesFor(piece);
      const whole = Buffer.concat(frames);
      const ends = frames.map((_, at) => Buffer.concat(frames.slice(0, at + 1)).length);
      const pieces = Math.ceil(whole.length / piece);
      for (const closeAfter of new Set([0, 1, Math.floor(pieces / 3), Math.floor(pieces / 2), pieces - 1])) {
        const out = await passed(frames, piece, closeAfter);
        const before = out.length - farewell.length;
        expect(out.subarray(before).equals(farewell)).toBe(true);
        expect(out.subarray(0, before).equals(whole.subarray(0, before))).toBe(true);
        // The first end at or after the place that had come when it was asked for.
        expect(before).toBe([0, ...ends].find((end) => end >= Math.min(closeAfter * piece, whole.length)));
      }
    },
  );

  it('says the status of the close frame in network order (RFC 6455 §5.5.1)', () => {
    expect([...closeFrame(1012)]).toEqual([0x88, 2, 0x03, 0xf4]);
  });
});
