import type { Instant } from '@curfew/session-policy';
import { z } from 'zod';
import { type IdTokenAlg, idTokenAlgs } from './client.js';
import { scopeFault } from './client-schema.js';
import { sentencesOf } from './faults.js';
import { RegistrationError } from './registration-error.js';
import { audienceFault } from './uri-rules.js';

/** How access tokens for an API look: opaque ones are asked about, JWTs can be read (RFC 9068). */
export type TokenFormat = 'opaque' | 'jwt';

/** A registered API. */
export interface Resource {
  /** RFC 8707: the value clients send as `resource`, and the `aud` of its tokens. */
  readonly audience: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Those of its scopes that a request gets which names none (RFC 6749 §3.3). */
  readonly defaultScopes: readonly string[];
  readonly tokenFormat: TokenFormat;
  /** The algorithm of its JWTs; null for opaque tokens. */
  readonly signingAlg: IdTokenAlg | null;
  /** Counts changes; a change names the version it was made from. */
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** A registration of an API as it may be sent. */
export interface ResourceRegistration {
  readonly audience: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly defaultScopes?: readonly string[] | undefined;
  readonly tokenFormat?: TokenFormat | undefined;
  readonly signingAlg?: IdTokenAlg | null | undefined;
}

/** Scope values with a meaning of their own in OpenID Connect; an API cannot redefine them. */
const reservedScopes = new Set([
  'openid',
  'offline_access',
  'profile',
  'email',
  'address',
  'phone',
  'groups',
]);

const scopeList = z.array(z.string({ error: 'must be a text' }), { error: 'must be a list' }).max(200, {
  error: 'must have at most 200 entries',
});

const resourceSchema = z.strictObject({
  audience: z.string({ error: 'must be a text' }),
  name: z.string({ error: 'must be a text' }),
  scopes: scopeList,
  defaultScopes: scopeList.default([]),
  tokenFormat: z.enum(['opaque', 'jwt'], { error: 'must be opaque or jwt' }).default('opaque'),
  signingAlg: z.enum(idTokenAlgs, { error: `must be one of ${idTokenAlgs.join(', ')}` }).nullish(),
});

/** A registration that keeps every rule, with its defaults. */
export type CheckedResource = Pick<
  Resource,
  'audience' | 'name' | 'scopes' | 'defaultScopes' | 'tokenFormat' | 'signingAlg'
>;

/** Reads the registration of an API; throws RegistrationError with every broken rule, by name and never by value. */
export const checkResource = (input: unknown): CheckedResource => {
  const read = resourceSchema.safeParse(input, { reportInput: true });
  if (!read.success) throw new RegistrationError('invalid_resource', sentencesOf(read.error.issues));
  const { audience, name, scopes, defaultScopes, tokenFormat, signingAlg } = read.data;
  const violations = scopes.flatMap((scope, index) => {
    const fault = reservedScopes.has(scope) ? 'must not be a scope of OpenID Connect' : scopeFault(scope);
    return fault === null ? [] : [`scopes[${index}] ${fault}`];
  });
  const badAudience = audienceFault(audience);
  if (badAudience !== null) violations.push(`audience ${badAudience}`);
  if (name.trim() === '' || name.length > 200 || /\p{C}/u.test(name)) {
    violations.push('name must have between 1 and 200 characters, none of them invisible');
  }
  if (new Set(scopes).size < scopes.length) violations.push('scopes must not have the same entry twice');
  if (defaultScopes.some((scope) => !scopes.includes(scope)))
    violations.push('defaultScopes must name entries of scopes only');
  if (new Set(defaultScopes).size < defaultScopes.length)
    violations.push('defaultScopes must not have the same entry twice');
  if (tokenFormat === 'opaque' && signingAlg)
    violations.push('signingAlg goes with the token format jwt only');
  if (violations.length > 0) throw new RegistrationError('invalid_resource', violations);
  const alg = tokenFormat === 'jwt' ? (signingAlg ?? 'ES256') : null;
  return { audience, name, scopes, defaultScopes, tokenFormat, signingAlg: alg };
};
