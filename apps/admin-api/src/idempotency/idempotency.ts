import { createHash } from 'node:crypto';
import { plus, seconds } from '@curfew/session-policy';
import { ProblemError } from '@curfew/web';
import { Injectable } from '@nestjs/common';
import { callerKey } from '../access/caller.js';
import { Answer } from '../contract/answer.js';
import type { AdminRequest } from '../contract/input.js';
import { IdempotencyStore } from './idempotency.store.js';

/** How long a repeat gets the first answer. */
const remembered = seconds(24 * 3_600);
/** A first request that has not answered by then is taken for crashed, and a repeat may try again. */
const abandonedAfter = seconds(60);

/**
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): if any number of requests have one key, one is carried out and all get
 * its response, for a day. A key belongs to its caller, and is refused for a different request.
 */
@Injectable()
export class Idempotency {
  constructor(private readonly store: IdempotencyStore) {}

  /** Carries out `work` once per key; without a key, simply carries it out. */
  async once(request: AdminRequest, work: () => Promise<unknown>): Promise<unknown> {
    const key = keyOf(request);
    if (key === undefined) return work();
    const now = request.receivedAt;
    const entry = {
      caller: callerKey(request.caller!),
      keyHash: hash(key),
      requestHash: requestHash(request),
    };
    const begun = await this.store.begin(
      entry,
      now,
      plus(now, remembered),
      plus(now, seconds(-abandonedAfter)),
    );
    if (begun.kind === 'answered' || begun.kind === 'under_way') {
      if (!begun.requestHash.equals(entry.requestHash)) throw keyReused();
      if (begun.kind === 'under_way') throw underWay();
      const { status, body, headers } = begun.answer;
      return new Answer(status, body, { ...headers, 'Idempotency-Replayed': 'true' });
    }
    let answer: unknown;
    try {
      answer = await work();
    } catch (error) {
      // Nothing was done, so a repeat may try again.
      await this.store.forget(entry);
      throw error;
    }
    if (answer instanceof Answer) await this.store.finish(entry, answer);
    return answer;
  }
}

function keyOf(request: AdminRequest): string | undefined {
  const values = request.headersDistinct['idempotency-key'] ?? [];
  if (values.length === 0) return undefined;
  if (values.length > 1 || !/^[\x21-\x7e]{1,255}$/.test(values[0]!))
    throw new ProblemError({
      status: 400,
      code: 'invalid_idempotency_key',
      detail: 'Send one Idempotency-Key of 1 to 255 visible ASCII characters.',
    });
  return values[0];
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

const requestHash = (request: AdminRequest): Buffer =>
  hash(
    JSON.stringify([
      request.method,
      request.url,
      request.headers['if-match'] ?? null,
      (request as { body?: unknown }).body ?? null,
    ]),
  );

const keyReused = (): ProblemError =>
  new ProblemError({
    status: 422,
    code: 'idempotency_key_reused',
    detail: 'This key was used for another request. Use a new key for a new request.',
  });

const underWay = (): ProblemError =>
  new ProblemError({
    status: 409,
    code: 'request_under_way',
    detail: 'The first request with this key has not been answered yet.',
    retryAfter: 1,
  });
