export type {
  Identity,
  IdentityProvider,
  IdentityProviderFields,
  LinkedIdentity,
} from './identity-provider.js';
export { identityProviderId } from './identity-provider.js';
export { IdentityProviders, identityProvidersChannel } from './identity-provider.store.js';
export { LinkedIdentities } from './linked-identities.js';
