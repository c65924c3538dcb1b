import type { KeptRoute } from '@curfew/config';
import { written } from '../contract/wire.js';
import type { GatewayRoute, WrittenRoute } from './gateway-routes.store.js';

/** A route as it is kept. */
export function writtenRoute(
  name: string,
  { position, resource, ...rest }: KeptRoute & { readonly position: number; readonly resource: string },
): WrittenRoute {
  const { name: _, ...settings } = rest as typeof rest & { readonly name?: string };
  return { name, position, resource, settings };
}

/** A route as the wire has it. */
export const routeOnWire = ({
  name,
  position,
  resource,
  settings,
  version,
  createdAt,
  updatedAt,
}: GatewayRoute) => ({
  name,
  position,
  resource,
  ...settings,
  version,
  created_at: written(createdAt),
  updated_at: written(updatedAt),
});
