import { closeSeal, deriveKey, openSeal } from '@curfew/tokens/seals';

/** Seals what browsers keep for us, so that they can neither read nor change it, nor use it anywhere else. */
export class CookieSeal {
  readonly #keys: readonly Buffer[];

  /** The first secret seals; the others still open what they sealed. */
  constructor(secrets: readonly string[]) {
    this.#keys = secrets.map((secret) =>
      deriveKey(Buffer.from(secret), Buffer.alloc(0), 'curfew gateway cookie'),
    );
  }

  /** `place` is what it is for: another cookie or another host cannot open it. */
  close(value: unknown, place: string): string {
    return closeSeal(this.#keys[0]!, JSON.stringify(value), Buffer.from(place)).toString('base64url');
  }

  /** Opens a text that was sealed for this place; undefined for any other text. */
  open<T>(text: string | undefined, place: string): T | undefined {
    if (text === undefined || text.length > 4_096) return undefined;
    const sealed = Buffer.from(text, 'base64url');
    for (const key of this.#keys) {
      const opened = openSeal(key, sealed, Buffer.from(place));
      if (opened) return JSON.parse(opened.toString('utf8')) as T;
    }
    return undefined;
  }
}
