export { FullAdministrators } from './administrators.store.js';
export {
  assertionAlgs,
  authMethods,
  type Client,
  type GrantType,
  grantTypes,
  idTokenAlgs,
  isPublicClient,
  isSenderConstrained,
  usesSecret,
  verifySecret,
} from './client.js';
export { lintClient } from './client-lint.js';
export type { ClientRegistration } from './client-schema.js';
export {
  type ChangedClient,
  type ClientChange,
  type ClientDetails,
  ClientService,
  type RegisteredClient,
} from './client-service.js';
export type { PublicKeySet } from './key-set-rules.js';
export { clientOfLogo, installationLogo, keptLogo, logoOf } from './logo/logo.js';
export type { PolicyAttachment, PolicyRevision, PolicyTarget } from './policy-revision.js';
export { PolicyService } from './policy-service.js';
export { RegistrationError, type RegistrationErrorCode } from './registration-error.js';
export { type AttachedPolicy, Registry } from './registry.js';
export type { KnownClient, KnownResource } from './registry.store.js';
export { registryChannel } from './registry-channel.js';
export type { Resource, ResourceRegistration, TokenFormat } from './resource.js';
export { ResourceService } from './resource-service.js';
export type { PolicyShadow } from './shadow.store.js';
export { fetchedUriFault } from './uri-rules.js';
