/*
 * RFC 9701: an introspection that is answered as a JWT, and whether the caller wants it so.
 */
import { type KeySet, signJwt } from '@curfew/tokens';
import { epochSeconds } from '../access-token.js';
import type { Answer, ClientRequest } from '../request.js';

const signedType = 'application/token-introspection+jwt';

/** A JWT is preferred to JSON only where it is named, or where a parameter says how much something is wanted (RFC 9110 §12.5.1). */
export const mayPreferJwt = /\+jwt|;/i;

/** A caller and its Accept header. */
interface Asked {
  readonly accept: string;
  readonly request: Pick<ClientRequest, 'client' | 'now'>;
}

/**
 * To a caller that asks for it by its Accept header, the introspection answer is a JWT signed for that caller alone: evidence of what was
 * answered, to whom and when (§4). Signed by the algorithm of the caller's ID tokens; undefined where the caller wants JSON, or there is no
 * such key.
 */
export async function signedAnswer(
  answer: Readonly<Record<string, unknown>>,
  { accept, request }: Asked,
  { issuer, signingKeys }: { readonly issuer: string; readonly signingKeys: () => KeySet },
): Promise<Answer['text']> {
  if (!prefers(accept, signedType, 'application/json')) return undefined;
  const { client, now } = request;
  const keys = signingKeys();
  const alg = client.metadata.id_token_signed_response_alg;
  if (!keys.signer(alg)) return undefined;
  // §5: no `sub`, no `exp`: the answer must never pass for a token. Its type says so, too.
  const payload = { iss: issuer, aud: client.id, iat: epochSeconds(now), token_introspection: answer };
  return { type: signedType, body: await signJwt(keys, alg, 'token-introspection+jwt', payload) };
}

interface Range {
  readonly type: string;
  readonly quality: number;
  /** How exactly a range names a type (RFC 9110 §12.5.1). */
  readonly exactness: number;
  readonly place: number;
}

function rangeOf(text: string, place: number): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((one) => one.startsWith('q='))?.slice(2);
  const exactness = type === '*/*' ? 0 : type.endsWith('/*') ? 1 : 2;
  return { type, quality: quality === undefined ? 1 : Number(quality), exactness, place };
}

function rangeFor(type: string, ranges: readonly Range[]): Range | undefined {
  const matches = ({ type: range, exactness }: Range) =>
    exactness === 0 || range === type || (exactness === 1 && type.startsWith(range.slice(0, -1)));
  return ranges.filter(matches).sort((a, b) => b.exactness - a.exactness || a.place - b.place)[0];
}

/** Whether a client wants one media type rather than the other (RFC 9110 §12.5.1); if it does not care, it gets the other. */
export function prefers(accept: string, type: string, other: string): boolean {
  const ranges = accept.split(',').map(rangeOf);
  const [wanted, usual] = [rangeFor(type, ranges), rangeFor(other, ranges)];
  if (!wanted || !(wanted.quality > 0)) return false;
  if (!usual || !(usual.quality > 0) || wanted.quality !== usual.quality)
    return !usual || !(usual.quality > 0) || wanted.quality > usual.quality;
  return (
    wanted.exactness > usual.exactness || (wanted.exactness === usual.exactness && wanted.place < usual.place)
  );
}
