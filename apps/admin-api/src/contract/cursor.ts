import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '@curfew/tokens';
import { ProblemError } from '@curfew/web';

const macBytes = 16;

/**
 * Positions in lists, as texts that callers hand back. A MAC over the position and what was asked keeps anybody from making
 * one up, and a position of one search from being used in another.
 */
export class Cursors {
  constructor(private readonly keys: KeyRing) {}

  /** The text for a position in the list that `question` describes. */
  seal(question: string, position: readonly (string | number)[]): string {
    const body = Buffer.concat([Buffer.of(this.keys.current.id), Buffer.from(JSON.stringify(position))]);
    return Buffer.concat([mac(this.keys.current.key, question, body), body]).toString('base64url');
  }

  /** The position behind a text; throws a problem for anything this service did not hand out for this very question. */
  open(question: string, cursor: string): readonly (string | number)[] {
    const bytes = Buffer.from(cursor, 'base64url');
    const body = bytes.subarray(macBytes);
    const key = body.length > 1 ? this.keys.find(body[0]!) : undefined;
    if (bytes.toString('base64url') !== cursor || !key) throw invalidCursor();
    if (!timingSafeEqual(bytes.subarray(0, macBytes), mac(key.key, question, body))) throw invalidCursor();
    return JSON.parse(body.subarray(1).toString()) as (string | number)[];
  }
}

const mac = (key: Buffer, question: string, body: Buffer): Buffer =>
  createHmac('sha256', key)
    .update(`${question.length}\0${question}`)
    .update(body)
    .digest()
    .subarray(0, macBytes);

const invalidCursor = (): ProblemError =>
  new ProblemError({
    status: 400,
    code: 'invalid_cursor',
    detail: 'The cursor was not handed out for this search. Start again at the first page.',
  });
