export { type FullAdministrator, FullAdministrators } from './administrators.store.js';
export {
  type AssertionAlg,
  type AuthMethod,
  assertionAlgs,
  authMethods,
  type Client,
  type ClientMetadata,
  type ClientSecretInfo,
  type GrantType,
  grantTypes,
  type IdTokenAlg,
  idTokenAlgs,
  isPublicClient,
  isSenderConstrained,
  usesSecret,
} from './client.js';
export { type ClientWarning, lintClient } from './client-lint.js';
export type { ClientRegistration, RegistrationRules } from './client-schema.js';
export { type StoredSecret, verifySecret } from './client-secret.js';
export {
  type ChangedClient,
  type ClientChange,
  type ClientDetails,
  type ClientPage,
  ClientService,
  type ClientServiceParts,
  type RegisteredClient,
  secretOverlap,
} from './client-service.js';
export type { PublicJwk, PublicKeySet } from './key-set-rules.js';
export {
  type PolicyAttachment,
  type PolicyRevision,
  type PolicyTarget,
  UnreadablePolicy,
} from './policy-revision.js';
export { PolicyService } from './policy-service.js';
export { RegistrationError, type RegistrationErrorCode } from './registration-error.js';
export { type AttachedPolicy, Registry, type RegistryOptions } from './registry.js';
export type { KnownClient, KnownResource } from './registry.store.js';
export { type RegistryChange, registryChannel } from './registry-channel.js';
export type { Resource, ResourceRegistration, TokenFormat } from './resource.js';
export { type ResourcePage, ResourceService } from './resource-service.js';
export type { PolicyShadow } from './shadow.store.js';
export { fetchedUriFault, isPublicAddress, namesPublicHost } from './uri-rules.js';
