/** The path of Global Token Revocation at the admin API (draft-parecki-oauth-global-token-revocation). */
export const globalRevocationPath = '/v1/global-token-revocation';

/** The address of the admin API where nobody sets one. */
export const adminUrlByDefault = 'http://localhost:3001';

/**
 * The address that the metadata of the authorization server names as `global_token_revocation_endpoint`; null where the admin API's own
 * address is unknown, because a production that does not set it has the default of this machine.
 */
export const globalRevocationEndpoint = ({
  mode,
  adminUrl,
}: {
  readonly mode: string;
  readonly adminUrl: string;
}): string | null =>
  mode === 'production' && adminUrl === adminUrlByDefault ? null : `${adminUrl}${globalRevocationPath}`;
