import type { IdentityProvider, IdentityProviderFields } from '@curfew/accounts/identity-providers';
import type { InputOf } from '../contract/input.js';
import { written } from '../contract/wire.js';
import type * as contracts from './provider-contracts.js';

/** A provider as an operator writes it. */
export const writtenProvider = (
  id: string,
  body: InputOf<typeof contracts.change>['body'],
): IdentityProviderFields => ({
  id,
  issuer: body.issuer,
  name: body.name,
  clientId: body.client_id,
  scopes: body.scopes,
  linksByEmail: body.links_by_email,
  createsAccounts: body.creates_accounts,
  singleSignOn: body.single_sign_on,
  believesAmr: body.believes_amr,
  acrMethods: Object.fromEntries(body.acr_methods.map(({ acr, methods }) => [acr, methods])),
  enabled: body.enabled,
});

/** A provider as the wire has it. */
export const providerOnWire = (provider: IdentityProvider, issuer: string) => ({
  id: provider.id,
  issuer: provider.issuer,
  name: provider.name,
  client_id: provider.clientId,
  scopes: provider.scopes,
  links_by_email: provider.linksByEmail,
  creates_accounts: provider.createsAccounts,
  single_sign_on: provider.singleSignOn,
  believes_amr: provider.believesAmr,
  acr_methods: Object.entries(provider.acrMethods).map(([acr, methods]) => ({ acr, methods })),
  enabled: provider.enabled,
  redirect_uri: `${issuer.replace(/\/$/, '')}/sign-in/upstream/${provider.id}`,
  version: provider.version,
  created_at: written(provider.createdAt),
  updated_at: written(provider.updatedAt),
});
