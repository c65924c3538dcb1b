type Members = Readonly<Record<string, unknown>>;

/** The responses of both servers to one request, and the case that it is of. */
export interface Pair {
  readonly name: string;
  readonly ours: Members;
  readonly theirs: Members;
  /** Whether we refused an earlier request of the same case. */
  readonly refusedBefore: boolean;
}

/** A reason to answer otherwise than oidc-provider does, and the pairs that it explains. */
export interface Difference {
  readonly reason: string;
  readonly explains: (pair: Pair) => boolean;
}

const describes = (answer: Members, text: string) => String(answer['error_description']).startsWith(text);

/** The differences between our answers and those of oidc-provider that are meant. */
export const differences: readonly Difference[] = [
  {
    reason:
      'JWT access tokens are asked about and given back as others are (RFC 7662 §2, RFC 7009 §2); the library refuses them',
    explains: ({ ours, theirs }) => ours['status'] === 200 && theirs['error'] === 'unsupported_token_type',
  },
  {
    reason:
      'a public client is told of a refresh token by a proof of its key (ADR 103), and a nonce is offered with it; the library tells it nothing',
    explains: ({ name, ours, theirs }) =>
      name.includes('none-key') && theirs['active'] === false && ours['nonce'] === true,
  },
  {
    reason:
      'a request that is refused for its API or its proof uses no code and no refresh token up; the library uses them up first',
    explains: ({ name, ours, theirs, refusedBefore }) =>
      refusedBefore &&
      /^(a code|a device|refreshes) /.test(name) &&
      ours['status'] === 200 &&
      theirs['error'] === 'invalid_grant',
  },
  {
    reason: 'the request shows a token of an earlier response, which the library had refused',
    explains: ({ theirs }) =>
      describes(theirs, "missing required parameter 'refresh_token'") ||
      describes(theirs, "missing required parameter 'token'"),
  },
  {
    reason: 'a device that asks too soon is told to slow down (RFC 8628 §3.5); the library counts nothing',
    explains: ({ ours, theirs }) =>
      ours['error'] === 'slow_down' && theirs['error'] === 'authorization_pending',
  },
  {
    reason:
      'a proof that was used before is `invalid_dpop_proof` (RFC 9449 §5); the library says `invalid_grant`',
    explains: ({ ours, theirs }) =>
      describes(ours, 'the DPoP proof was used before') && theirs['error'] === 'invalid_grant',
  },
  {
    reason:
      'an assertion is for the issuer alone, for ten minutes at most, and not of the future (FAPI 2.0 §5.3.2.1); the library asks for less',
    explains: ({ name, ours, theirs }) =>
      /^an assertion (for this endpoint|for the issuer and somebody else|that lasts too long|made in the future),/.test(
        name,
      ) &&
      ours['error'] === 'invalid_client' &&
      theirs['error'] !== 'invalid_client',
  },
  {
    reason:
      'a client that can be granted nothing of what it asks for is told so (RFC 6749 §3.3); the library grants nothing',
    explains: ({ name, ours, theirs }) =>
      name.startsWith('tokens of ') && ours['error'] === 'invalid_scope' && theirs['status'] === 200,
  },
  {
    reason:
      'a token may be bound to a certificate and to a key, and needs both from then on; the library takes one of them only',
    explains: ({ ours, theirs }) =>
      ours['status'] === 200 && describes(theirs, 'multiple proof-of-possession mechanisms'),
  },
];
