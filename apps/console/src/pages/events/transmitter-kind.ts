import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { ServiceKind } from '../../elements/service-dialog.js';
import { TransmitterFields } from './transmitter-fields.js';
import { names, nothing, type TypedTransmitter, typedOf, writtenOf } from './transmitter-members.js';
import { readTransmitter, type Transmitter, transmittersKey } from './transmitter-queries.js';

/** Transmitters, as their form and their deletion are. */
export const transmitterKind: ServiceKind<TypedTransmitter, Transmitter> = {
  key: transmittersKey,
  called: 'transmitter',
  // It ends sessions, so whoever lets one do so may do it themselves.
  scope: ['accounts:write', 'sessions:end'],
  names,
  nothing,
  typedOf,
  titleOf: ({ id }) => id,
  read: readTransmitter,
  save: saveTransmitter,
  remove: (id, etag) =>
    bodyOf(
      adminApi.DELETE('/v1/transmitters/{id}', {
        params: { path: { id }, header: { 'If-Match': etag } },
      }),
    ),
  removed: 'Nothing that it sends ends anything any more. Sessions that it ended stay ended.',
  codes: { transmitter_exists: 'issuer', secret_missing: 'authorization' },
  Fields: TransmitterFields,
};

function saveTransmitter(typed: TypedTransmitter, etag: string | null) {
  const { id, ...body } = writtenOf(typed);
  if (etag === null) return bodyOf(adminApi.POST('/v1/transmitters', { body: { id, ...body } }));
  const { authorization, ...settings } = body;
  return bodyOf(
    adminApi.PUT('/v1/transmitters/{id}', {
      params: { path: { id }, header: { 'If-Match': etag } },
      body: authorization === '' ? settings : body,
    }),
  );
}
