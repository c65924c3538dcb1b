import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PageSettings } from './page-settings.js';

/**
 * Tokens that prove a form came from a page we made for this very browser (OWASP: signed double submit). A token is an
 * HMAC over its purpose and what it is bound to, e.g. the browser session: it needs no storage and no clock, and it dies
 * with what it is bound to.
 */
@Injectable()
export class FormTokens {
  readonly #keys: readonly Uint8Array[];

  constructor(settings: PageSettings) {
    this.#keys = settings.parts.formKeys;
  }

  issue(purpose: string, ...boundTo: readonly string[]): string {
    return mac(this.#keys[0]!, purpose, boundTo).toString('base64url');
  }

  /** Whether `token` was issued for this, under any configured key; compared in constant time. */
  verify(token: string | undefined, purpose: string, ...boundTo: readonly string[]): boolean {
    const presented = Buffer.from(token ?? '', 'base64url');
    return this.#keys.some((key) => {
      const expected = mac(key, purpose, boundTo);
      return presented.length === expected.length && timingSafeEqual(presented, expected);
    });
  }
}

// JSON keeps the parts apart: ('a', 'bc') and ('ab', 'c') must not make the same token.
const mac = (key: Uint8Array, purpose: string, boundTo: readonly string[]): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify([purpose, ...boundTo]))
    .digest();
