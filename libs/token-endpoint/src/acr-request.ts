/** A request for the claim `acr` (OpenID Connect Core §5.5.1.1). */
export interface AcrClaimRequest {
  readonly essential?: unknown;
  readonly value?: unknown;
  readonly values?: unknown;
}

/** The context classes that a request named, as its code keeps them for the ID token. */
export function askedOf(claims: unknown): readonly unknown[] {
  const acr = (claims as { id_token?: { acr?: AcrClaimRequest | null } } | undefined)?.id_token?.acr;
  if (!acr) return [];
  return Array.isArray(acr.values) ? acr.values : [acr.value];
}
