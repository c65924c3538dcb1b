import { Transform, type TransformCallback } from 'node:stream';

/** Bytes of the length and of the mask that follow the first two of a frame (RFC 6455 §5.2). */
function restOfHead(second: number): { readonly length: number; readonly mask: number } {
  const short = second & 0x7f;
  return { length: short === 127 ? 8 : short === 126 ? 2 : 0, mask: second & 0x80 ? 4 : 0 };
}

/**
 * The way of a WebSocket's frames to the client: bytes pass as they are, and where one frame ends and the next has not begun, a last one
 * can be put in. A control frame may stand between the fragments of a message (RFC 6455 §5.4).
 */
export class FrameBoundaries extends Transform {
  readonly #head: number[] = [];
  /** Bytes of the payload that have not come yet. */
  #payload = 0;
  #last: Buffer | undefined;
  #isOver = false;

  /** Sends this frame as soon as the one under way is complete, and nothing after it. */
  close(last: Buffer): void {
    this.#last ??= last;
    if (this.#isBetween) this.#finish();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length && !this.#isOver) {
      if (this.#last && this.#isBetween) {
        this.push(chunk.subarray(0, at));
        this.#finish();
      } else at = this.#pass(chunk, at);
    }
    if (!this.#isOver) {
      this.push(chunk);
      if (this.#last && this.#isBetween) this.#finish();
    }
    done();
  }

  get #isBetween(): boolean {
    return this.#payload === 0 && this.#head.length === 0;
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.push(this.#last);
  }

  /** Goes over what belongs to the frame under way; the place behind it. */
  #pass(chunk: Buffer, at: number): number {
    if (this.#payload > 0) {
      const taken = Math.min(this.#payload, chunk.length - at);
      this.#payload -= taken;
      return at + taken;
    }
    this.#head.push(chunk[at]!);
    const [, second] = this.#head;
    if (second !== undefined) {
      const { length, mask } = restOfHead(second);
      if (this.#head.length === 2 + length + mask) {
        const stated = this.#head.splice(0).slice(2, 2 + length);
        this.#payload = length === 0 ? second & 0x7f : stated.reduce((sum, byte) => sum * 256 + byte, 0);
      }
    }
    return at + 1;
  }
}

/** The frame of a server that closes with a status (RFC 6455 §5.5.1). */
export function closeFrame(status: number): Buffer {
  return Buffer.from([0x88, 2, status >> 8, status & 0xff]);
}
