import type { EndpointParts } from './parts.js';
import { type Proof, refuseEarly } from './proof/proof.js';
import { invalidRequest, Refused } from './refused.js';
import type { EndpointRequest } from './request.js';

/** A request that is authorized by an access token. */
export interface BearerRequest extends EndpointRequest {
  /** The parameters of the address. */
  readonly query: URLSearchParams;
  /** Set once the token that was shown proved to be bound to a key. */
  isBound?: boolean;
}

/** An access token as it was shown, and the proof that came with it. */
export interface ShownToken {
  readonly token: string;
  readonly proof: Proof | undefined;
}

/** The refusal of a request without a token, which is told how to present one. */
export const noToken = new Refused('invalid_token', 'access_token_invalid', {
  status: 401,
  description: 'no access token provided',
});

const wrong = (description: string) => invalidRequest(description, 'parameter_invalid');

/** RFC 6750 §2, RFC 9449 §7.1: the one token of a request, and its proof where it has one. @throws Refused */
export async function shownToken(request: BearerRequest, { proofs }: EndpointParts): Promise<ShownToken> {
  const token = tokenOf(request);
  try {
    const proof = await proofs.read(request, token);
    if (proof) refuseEarly(proof);
    return { token, proof };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Refused(error.error, error.why, {
      status: 401,
      description: error.particulars.description,
    });
  }
}

function tokenOf({ request, form, query }: BearerRequest): string {
  const { authorization, dpop } = request.headers;
  const inForm = request.method === 'POST' ? form['access_token'] : undefined;
  const ways = [inForm, authorization, query.get('access_token')].filter(
    (way) => typeof way === 'string' && way !== '',
  );
  if (ways.length === 0) throw noToken;
  if (ways.length > 1) throw wrong('access token must only be provided using one mechanism');
  if (query.get('access_token')) throw wrong('access tokens must not be provided via query parameter');
  if (authorization) return inHeader(authorization, dpop !== undefined);
  if (dpop !== undefined) throw wrong('`DPoP` tokens must be provided via an authorization header');
  return String(inForm);
}

/** RFC 9110 §11.4: a scheme, spaces and a token. */
function inHeader(authorization: string, isProved: boolean): string {
  const [, scheme = '', token] = /^([^ ]+) +([^ ]+)$/.exec(authorization) ?? [];
  if (token === undefined) throw wrong('invalid authorization header value format');
  const isDpop = scheme.toLowerCase() === 'dpop';
  if (isProved && !isDpop) throw wrong('authorization header scheme must be `DPoP` when DPoP is used');
  if (!isProved && isDpop) throw invalidRequest('`DPoP` header not provided', 'dpop_proof_missing');
  if (!isDpop && scheme.toLowerCase() !== 'bearer')
    throw wrong('authorization header scheme must be `Bearer`');
  return token;
}
