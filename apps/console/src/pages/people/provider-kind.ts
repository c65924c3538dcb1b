import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { ServiceKind } from '../../elements/service-dialog.js';
import { ProviderFields } from './provider-fields.js';
import { names, nothing, type TypedProvider, typedOf, writtenOf } from './provider-members.js';
import { type Provider, providersKey, readProvider } from './provider-queries.js';

/** Identity providers, as their form and their deletion are. */
export const providerKind: ServiceKind<TypedProvider, Provider> = {
  key: providersKey,
  called: 'identity provider',
  scope: ['accounts:write'],
  names,
  nothing,
  typedOf,
  titleOf: ({ name }) => name,
  read: readProvider,
  save: saveProvider,
  remove: (id, etag) =>
    bodyOf(
      adminApi.DELETE('/v1/identity-providers/{id}', {
        params: { path: { id }, header: { 'If-Match': etag } },
      }),
    ),
  removed:
    'Nobody signs in with it any more. Sessions go on, and accounts stay linked, for when it comes back.',
  codes: {
    identity_provider_exists: 'issuer',
    invalid_issuer: 'issuer',
    secret_missing: 'client_secret',
  },
  Fields: ProviderFields,
};

function saveProvider(typed: TypedProvider, etag: string | null) {
  const { id, ...body } = writtenOf(typed);
  if (etag === null) return bodyOf(adminApi.POST('/v1/identity-providers', { body: { id, ...body } }));
  const { client_secret, ...settings } = body;
  return bodyOf(
    adminApi.PUT('/v1/identity-providers/{id}', {
      params: { path: { id }, header: { 'If-Match': etag } },
      body: client_secret === '' ? settings : body,
    }),
  );
}
