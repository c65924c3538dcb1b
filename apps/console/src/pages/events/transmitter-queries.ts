import { infiniteQueryOptions } from '@tanstack/react-query';
import { adminApi, answerOf, bodyOf } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';

/** Another service that tells of security events about people. */
export type Transmitter =
  operations['listTransmitters']['responses'][200]['content']['application/json']['items'][number];

/** A new one, as the admin API takes it. */
export type WrittenTransmitter =
  operations['createTransmitter']['requestBody']['content']['application/json'];

/** The first part of the keys of these queries. */
export const transmittersKey = 'transmitters';

/** Transmitters by their ids; they are few, so that one page has all of them. */
export const transmittersQuery = infiniteQueryOptions({
  queryKey: [transmittersKey, 'list'],
  initialPageParam: null,
  queryFn: () => bodyOf(adminApi.GET('/v1/transmitters')),
  getNextPageParam: () => undefined,
});

/** One with its entity tag, which a change is made from. */
export const readTransmitter = (id: string) =>
  answerOf(adminApi.GET('/v1/transmitters/{id}', { params: { path: { id } } }));
