import { createHmac, timingSafeEqual } from 'node:crypto';

/** The last digests that are kept: those of the cookies of one browser, which the library reads several times for one answer. */
const remembered = 8;

/**
 * Signs the cookies of the library and looks by which key one was signed, in the form of the package `keygrip`, whose own comparison costs
 * two more digests and random bytes each time. The keys are newest first.
 */
export class CookieKeys {
  readonly #kept = new Map<string, string>();

  constructor(private readonly keys: readonly string[]) {}

  sign(text: string): string {
    return this.#digest(text, 0);
  }

  verify(text: string, digest: string): boolean {
    return this.index(text, digest) >= 0;
  }

  /** The place of the key by which the text was signed, or -1. */
  index(text: string, digest: string): number {
    return this.keys.findIndex((_, place) => isSame(digest, this.#digest(text, place)));
  }

  #digest(text: string, place: number): string {
    const name = `${place} ${text}`;
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    const made = createHmac('sha1', this.keys[place]!).update(text).digest('base64url');
    if (this.#kept.size >= remembered) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(name, made);
    return made;
  }
}

function isSame(one: string, other: string): boolean {
  const [bytes, others] = [Buffer.from(one), Buffer.from(other)];
  return bytes.length === others.length && timingSafeEqual(bytes, others);
}
