import type { AuthMethod, ClientMetadata } from './client.js';

/** How hard it is to pose as the client: a key of its own, a secret it shares with us, nothing. */
const strength: Readonly<Record<AuthMethod, number>> = {
  private_key_jwt: 2,
  client_secret_basic: 1,
  client_secret_post: 1,
  none: 0,
};

/**
 * The members of a change after which what the client was given before must not go on: it lost the right to refresh, it
 * proves less than when its sessions began, or what its tokens are bound to is another thing. Without an end the old
 * refresh tokens would lie dormant, or could be used by whoever could not use them before, and come back to life when the
 * change is undone (the class of CVE-2025-12110). Empty for every other change.
 */
export function weakenedBy(before: ClientMetadata, after: ClientMetadata): readonly (keyof ClientMetadata)[] {
  const may = ({ grant_types }: ClientMetadata) => grant_types.includes('refresh_token');
  const proof = ({ token_endpoint_auth_method }: ClientMetadata) => strength[token_endpoint_auth_method];
  const members: (keyof ClientMetadata)[] = [];
  if (may(before) && !may(after)) members.push('grant_types');
  if (proof(after) < proof(before)) members.push('token_endpoint_auth_method');
  if (before.dpop_bound_access_tokens !== after.dpop_bound_access_tokens)
    members.push('dpop_bound_access_tokens');
  if (before.tls_client_certificate_bound_access_tokens !== after.tls_client_certificate_bound_access_tokens)
    members.push('tls_client_certificate_bound_access_tokens');
  return members;
}
