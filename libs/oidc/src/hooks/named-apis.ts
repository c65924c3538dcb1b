import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * Knows the APIs of a request by their registered audiences from here on, however the request spells them: codes, consents and tokens
 * carry an audience and no spelling of it. The library keeps them under the indicators that were sent.
 */
export function nameApis({ oidc: { params, resourceServers } }: KoaContextWithOIDC): void {
  const sent = Object.entries(resourceServers ?? {});
  if (!params || !resourceServers || sent.every(([indicator, { audience }]) => indicator === audience))
    return;
  for (const [indicator] of sent) delete resourceServers[indicator];
  for (const [, server] of sent) {
    const audience = String(server.audience);
    resourceServers[audience] = { ...server, scopes: server.scopes, identifier: () => audience };
  }
  const audiences = Object.keys(resourceServers);
  params['resource'] = audiences.length === 1 ? audiences[0] : audiences;
}
