import { proofAlgorithms } from '../dpop/index.js';

/** Why a request is refused, in the words of RFC 6750 §3.1, RFC 9470 §3 and RFC 9449 §7.1; undefined where nothing was presented. */
export type RefusalCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce';

/** A refusal as it is answered: 503 where nobody can say whether the token is good. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 414 | 503;
  readonly error: RefusalCode | 'temporarily_unavailable' | undefined;
  readonly description: string | undefined;
  /** Seconds an authentication may be old, where a more recent one is wanted (RFC 9470). */
  readonly maxAge?: number | undefined;
  /** Authentication context classes of which one is wanted, as the challenge lists them (RFC 9470). */
  readonly acrValues?: string | undefined;
  /** Headers of the answer: the challenge, and `Retry-After` with a 503. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Parameters of a challenge beside the error. */
export interface ChallengeParameters {
  readonly scope?: string | undefined;
  readonly max_age?: number | undefined;
  readonly acr_values?: string | undefined;
}

const quoted = (value: string): string => `"${value.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '')}"`;

type Scheme = 'Bearer' | 'DPoP';

/** How the resource names itself in challenges. */
export interface ChallengeContext {
  readonly realm: string | undefined;
  /** The scheme that the request used, or the one that is wanted first; with a 401 the others are offered beside it (RFC 9449 §7.2). */
  readonly schemes: readonly [Scheme, ...Scheme[]];
  /** Address of its metadata (RFC 9728 §5.1), where somebody answers there. */
  readonly metadataUrl?: string | undefined;
}

/** One challenge (RFC 9110 §11.6.1). */
function challenge(
  scheme: Scheme,
  parameters: Readonly<Record<string, string | number | undefined>>,
  { realm, metadataUrl }: ChallengeContext,
): string {
  const stated = Object.entries({
    realm,
    ...parameters,
    resource_metadata: metadataUrl,
    algs: scheme === 'DPoP' ? proofAlgorithms.join(' ') : undefined,
  }).filter(([, value]) => value !== undefined);
  return [scheme, stated.map(([name, value]) => `${name}=${quoted(String(value))}`).join(', ')]
    .filter(Boolean)
    .join(' ');
}

/**
 * A refusal with its challenge. Without `error` nothing was presented, and the challenge only says what is wanted (RFC 6750 §3.1).
 * `more` are further headers of the answer.
 */
export function refuse(
  status: 400 | 401 | 403,
  error: RefusalCode | undefined,
  description: string | undefined,
  context: ChallengeContext,
  parameters: ChallengeParameters = {},
  more: Readonly<Record<string, string>> = {},
): Refusal {
  const [used, ...offered] = context.schemes;
  const challenges = [
    challenge(used, { error, error_description: description, ...parameters }, context),
    // The error is that of the scheme that was used; another scheme has not failed. It is offered with every 401, also one that asks for a
    // step-up, because the client needs new tokens then.
    ...(status === 401 ? offered : []).map((scheme) =>
      challenge(scheme, { scope: parameters.scope }, context),
    ),
  ];
  const headers = {
    'WWW-Authenticate': challenges.join(', '),
    'Cache-Control': 'no-store',
    ...more,
  };
  return {
    status,
    error,
    description,
    headers,
    maxAge: parameters.max_age,
    acrValues: parameters.acr_values,
  };
}

/** The answer when nobody can say whether the token is good: never yes. */
export const unavailable: Refusal = {
  status: 503,
  error: 'temporarily_unavailable',
  description: 'the authorization server cannot be asked at the moment',
  headers: { 'Retry-After': '1', 'Cache-Control': 'no-store' },
};

/** The body of a refusal (RFC 6750 §3.1 names the members). */
export const refusalBody = ({ error, description }: Refusal): string =>
  JSON.stringify({
    error: error ?? 'unauthorized',
    ...(description ? { error_description: description } : {}),
  });
