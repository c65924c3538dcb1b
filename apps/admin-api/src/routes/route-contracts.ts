import { keptRoute, keptRouteFaults, routeParts } from '@curfew/config';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { cursorParameter, limitParameter, pageOf, timestamp } from '../contract/wire.js';

const name = routeParts.word.meta({ description: 'For logs and metrics.' });
const position = z
  .int({ error: 'must be a whole number' })
  .min(0, { error: 'must be at least 0' })
  .max(1_000_000, { error: 'must be at most 1000000' })
  .meta({
    description:
      'Routes are tried in this order, and by name where it is equal; the first that matches is the one.',
  });
const resource = z.string().min(1).max(512).meta({
  description:
    'Audience of the API it belongs to. Gateways ask for the routes of the APIs they hold credentials of.',
});
const byName = z.object({ name });
const etag = { ETag: 'The version; name it in If-Match to change it.' };

const shown = z.object({
  name: z.string(),
  position: z.number().int(),
  resource: z.string(),
  ...keptRoute.shape,
  version: z.number().int(),
  created_at: timestamp,
  updated_at: timestamp,
});

/** A whole route, with the rules between its members. */
export const wholeRoute = <T extends z.ZodRawShape>(more: T) =>
  z.strictObject({ ...more, position, resource, ...keptRoute.shape }).superRefine((route, context) => {
    for (const message of keptRouteFaults(route as never)) context.addIssue({ code: 'custom', message });
  });

/** The list. */
export const list = operation({
  id: 'listGatewayRoutes',
  method: 'get',
  path: '/v1/gateway-routes',
  tag: 'resources',
  summary: 'Lists the routes of gateways in the order they are tried.',
  scope: 'policies:read',
  query: z.strictObject({ resource: resource.optional(), limit: limitParameter(), cursor: cursorParameter }),
  answers: { 200: { description: 'A page of routes.', schema: pageOf(shown) } },
  problems: { 400: ['invalid_cursor'] },
});

/** One. */
export const show = operation({
  id: 'getGatewayRoute',
  method: 'get',
  path: '/v1/gateway-routes/{name}',
  tag: 'resources',
  summary: 'Shows a route of gateways.',
  scope: 'policies:read',
  params: byName,
  answers: { 200: { description: 'The route.', schema: shown, headers: etag } },
  problems: { 404: ['unknown_route'] },
});

/** A new one. */
export const create = operation({
  id: 'createGatewayRoute',
  method: 'post',
  path: '/v1/gateway-routes',
  tag: 'resources',
  summary: 'Adds a route to the gateways that protect an API.',
  description:
    'Gateways that take part look for changes every two seconds. Routes kept here come before those of a gateway’s own file.',
  scope: 'policies:write',
  body: wholeRoute({ name }),
  idempotent: true,
  answers: { 201: { description: 'The route, version 1.', schema: shown, headers: etag } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_resource'], 409: ['route_exists'] },
});

/** A change. */
export const change = operation({
  id: 'changeGatewayRoute',
  method: 'put',
  path: '/v1/gateway-routes/{name}',
  tag: 'resources',
  summary: 'Replaces a gateway route; missing members get their defaults again.',
  scope: 'policies:write',
  params: byName,
  body: wholeRoute({}),
  ifMatch: true,
  answers: { 200: { description: 'The route.', schema: shown, headers: etag } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_route', 'unknown_resource'] },
});

/** Delete. */
export const remove = operation({
  id: 'deleteGatewayRoute',
  method: 'delete',
  path: '/v1/gateway-routes/{name}',
  tag: 'resources',
  summary: 'Deletes a gateway route. A request that matches no other route is rejected.',
  scope: 'policies:write',
  params: byName,
  ifMatch: true,
  answers: { 204: { description: 'Deleted.' } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_route'] },
});

/** The longest address that is tried: its path and query may have 8,192 characters. */
const maxAddress = 8_500;

/** The decision about a request that was tried. */
export const effectiveRouteSchema = z.object({
  outcome: z.enum(['route', 'no_route', 'path_ambiguous', 'contradiction']).meta({
    description:
      'path_ambiguous: the upstream may read another path, and the route does not allow that. contradiction: the routes that apply together cannot all be met.',
  }),
  request: z.object({
    method: z.string(),
    scheme: z.string(),
    host: z.string(),
    path: z.string(),
    readings: z.array(z.string()).meta({ description: 'Every path that upstreams are known to read in it.' }),
    traits: z.array(z.string()).meta({ description: 'What programs read differently in it.' }),
  }),
  routes: z.array(
    z.object({
      name: z.string(),
      position: z.number().int(),
      resource: z.string(),
      verdict: z.enum(['takes_it', 'applies_too', 'set_aside', 'comes_later', 'does_not_match']),
      misfits: z
        .array(z.enum(['scheme', 'host', 'method', 'path']))
        .meta({ description: 'The parts of the request that do not match the route.' }),
    }),
  ),
  truncated: z.boolean().meta({ description: 'There are more routes than gateways are given.' }),
});

/** The route that takes a request. */
export const effective = operation({
  id: 'getEffectiveRoute',
  method: 'get',
  path: '/v1/effective-route',
  tag: 'resources',
  summary: 'Tries a request against the gateway routes: which of them takes it, and why the others do not.',
  description:
    'The gateway’s own rules decide. Only routes that are kept here are looked at; those of a gateway’s own file come after them. A gateway also rejects requests for a kept route whose upstream or browser client its file does not list.',
  scope: 'policies:read',
  query: z.strictObject({
    method: routeParts.method.default('GET'),
    url: z
      .string()
      .max(maxAddress, { error: `must have at most ${maxAddress} characters` })
      .regex(/^[a-z]+:\/\/[^/?#]+([/?][^#]*)?$/i, {
        error: 'must be an address such as https://orders.example.com/orders/7, without a fragment',
      })
      .meta({ description: 'The address as the client sends it.' }),
    resource: resource
      .optional()
      .meta({ description: 'The routes of this API only; those of all by default.' }),
    gateway_port: z.coerce
      .number({ error: 'must be a port' })
      .int({ error: 'must be a port' })
      .min(1, { error: 'must be a port' })
      .max(65_535, { error: 'must be a port' })
      .optional()
      .meta({
        description:
          'The port on which the gateway itself listens: a host with it is the host without it. By default the port that this installation’s gateway has.',
      }),
  }),
  answers: {
    200: {
      description: 'The decision, with every route in the order they are tried.',
      schema: effectiveRouteSchema,
    },
  },
});
