import type { Resource } from '@curfew/clients';
import { written } from '../contract/wire.js';

/** An API as the wire has it, with the policy attached to it. */
export const resourceOnWire = (resource: Resource, policies: ReadonlyMap<string, string>) => ({
  audience: resource.audience,
  name: resource.name,
  scopes: resource.scopes,
  default_scopes: resource.defaultScopes,
  token_format: resource.tokenFormat,
  signing_alg: resource.signingAlg,
  policy: policies.get(resource.audience) ?? null,
  version: resource.version,
  created_at: written(resource.createdAt),
  updated_at: written(resource.updatedAt),
});
