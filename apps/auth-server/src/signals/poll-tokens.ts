import type { OpenedTransmitter, Transmitter } from '@curfew/events/transmitters';
import { clientBasic } from '@curfew/resource-server/client-basic';
import { isObject } from '@curfew/resource-server/jws';
import { type Instant, isPast, plus, seconds } from '@curfew/session-policy';
import { limitedText, type outboundFetch } from '@curfew/token-endpoint/client';
import { LRUCache } from 'lru-cache';

/** No access token for a poll can be had; the sentence repeats nothing of an answer but a code of RFC 6749 §5.2. */
export class TokenUnavailable extends Error {
  override readonly name = 'TokenUnavailable';
}

const maxAnswerBytes = 64 * 1024;
/** RFC 6750 §2.1: a token as it stands in a header. */
const bearerToken = /^[A-Za-z0-9._~+/-]{1,8192}=*$/;
const knownErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
];
/** Seconds of a token whose answer says nothing of that (RFC 6749 §5.1 recommends it), and at most. */
const unsaidLife = 60;
const longestLife = 3_600;
/** Seconds before its end from which a token is used no more; half of its life where that is less. */
const margin = 30;

/** The header of one question. */
export interface PollHeader {
  readonly authorization: string;
  /** Whether its token was got for this question. */
  readonly isNew: boolean;
}

interface KeptToken {
  readonly version: number;
  readonly createdAt: Instant;
  readonly authorization: string;
  readonly usableUntil: Instant;
}

/** The headers by which transmitters are polled: those that operators wrote, or access tokens that are got for a client (RFC 6749 §4.4). */
export class PollTokens {
  readonly #kept: LRUCache<string, KeptToken>;

  constructor(
    private readonly fetch: ReturnType<typeof outboundFetch>,
    private readonly clock: { now(): Instant },
    /** Transmitters whose tokens are kept. */
    max: number,
  ) {
    this.#kept = new LRUCache({ max });
  }

  /** The header of the next question; its token is that of an earlier one as long as it is good. @throws TokenUnavailable */
  async authorizationOf(opened: OpenedTransmitter, signal?: AbortSignal): Promise<PollHeader> {
    const { transmitter, authorization } = opened;
    if (transmitter.tokenEndpoint === null) return { authorization, isNew: false };
    const kept = this.#kept.get(transmitter.id);
    if (kept && isOf(kept, transmitter) && !isPast(kept.usableUntil, this.clock.now()))
      return { authorization: kept.authorization, isNew: false };
    const got = await this.#ask(opened, signal);
    this.#kept.set(transmitter.id, got);
    return { authorization: got.authorization, isNew: true };
  }

  /** Forgets the token of a header that was refused; false where it is kept no more. */
  refused({ id }: Transmitter, { authorization }: PollHeader): boolean {
    return this.#kept.get(id)?.authorization === authorization && this.#kept.delete(id);
  }

  async #ask({ transmitter, authorization: secret }: OpenedTransmitter, signal?: AbortSignal) {
    const { tokenEndpoint, clientId, tokenScope, version, createdAt } = transmitter;
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    if (tokenScope !== null) body.set('scope', tokenScope);
    const askedAt = this.clock.now();
    const answer = await this.#answerOf(tokenEndpoint!, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        authorization: clientBasic(clientId!, secret),
      },
      body: body.toString(),
      ...(signal && { signal }),
    });
    const { access_token: token, token_type: type, expires_in: life } = answer;
    if (typeof token !== 'string' || !bearerToken.test(token))
      throw new TokenUnavailable('the token endpoint answered with no access token');
    if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
      throw new TokenUnavailable('the token endpoint answered with no Bearer token');
    const lives = typeof life === 'number' && life > 0 ? Math.min(life, longestLife) : unsaidLife;
    const usableFor = seconds(Math.floor(lives - Math.min(margin, lives / 2)));
    return {
      ...{ version, createdAt, authorization: `Bearer ${token}` },
      usableUntil: plus(askedAt, usableFor),
    };
  }

  async #answerOf(address: string, request: RequestInit): Promise<Readonly<Record<string, unknown>>> {
    try {
      const response = await this.fetch(address, request);
      const answer = membersOf(await limitedText(response, maxAnswerBytes));
      if (response.status === 200) return answer;
      const code = knownErrors.includes(String(answer['error'])) ? ` (${answer['error']})` : '';
      throw new TokenUnavailable(`the token endpoint answered with ${response.status}${code}`);
    } catch (error) {
      if (error instanceof TokenUnavailable || request.signal?.aborted) throw error;
      throw new TokenUnavailable('the token endpoint gave no answer that can be read', { cause: error });
    }
  }
}

/** By other settings, the token would be another one. */
const isOf = (kept: KeptToken, { version, createdAt }: Transmitter): boolean =>
  kept.version === version && kept.createdAt === createdAt;

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const members: unknown = JSON.parse(text);
    if (isObject(members)) return members;
  } catch {
    // No JSON has no members.
  }
  return {};
}
