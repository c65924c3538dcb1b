import { isDeepStrictEqual } from 'node:util';
import { formatPolicy, parsePolicy } from '@curfew/session-policy';
import type { AdminClient, Json } from '../admin-client.js';
import { CommandError, exitCodes } from '../exit.js';
import type { Description } from './description.js';

/** One thing to be done, in words and as a request. */
export interface Step {
  readonly action: 'create' | 'change' | 'attach' | 'detach';
  readonly kind: 'policy' | 'resource' | 'client' | 'route' | 'attachment';
  readonly name: string;
  /** Members that differ. */
  readonly fields: readonly string[];
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly body: unknown;
    readonly version?: number;
  };
}

/** What is to be done so that the description is true, in an order in which it can be done. */
export async function planFor(admin: AdminClient, wanted: Description): Promise<readonly Step[]> {
  const policies = await each(wanted.policies, (name, settings) => policyStep(admin, name, settings));
  const resources = await each(wanted.resources, (audience, { policy: _, ...resource }) =>
    resourceStep(admin, audience, resource),
  );
  const clients = await each(wanted.clients, (id, { policy: _, ...client }) => clientStep(admin, id, client));
  const routes = await each(wanted.gateway_routes, (name, route) => routeStep(admin, name, route));
  return [...policies, ...resources, ...clients, ...routes, ...(await attachmentSteps(admin, wanted))];
}

async function each<T>(
  of: Readonly<Record<string, T>>,
  step: (name: string, value: T) => Promise<Step | null>,
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const [name, value] of Object.entries(of))
    steps.push(...[await step(name, value)].filter((one) => one !== null));
  return steps;
}

async function existing(admin: AdminClient, path: string): Promise<Json | null> {
  try {
    return await admin.get(path);
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === exitCodes.notFound) return null;
    throw error;
  }
}

async function policyStep(admin: AdminClient, name: string, settings: unknown): Promise<Step | null> {
  const path = `/v1/policies/${encodeURIComponent(name)}`;
  const parsed = parsePolicy(settings);
  if (!parsed.ok)
    throw new CommandError(
      `policies.${name}:\n${parsed.violations.map((one) => `  ${one}`).join('\n')}`,
      exitCodes.usage,
    );
  const before = await existing(admin, path);
  if (before === null) {
    const request = { method: 'POST', path: '/v1/policies', body: { name, settings } };
    return { action: 'create', kind: 'policy', name, fields: [], request };
  }
  // In full, because a profile that gave what is left out is part of what the policy says.
  const fields = differing(formatPolicy(parsed.policy) as unknown as Json, before.settings);
  if (fields.length === 0) return null;
  const request = { method: 'PUT', path, body: { settings }, version: before.version };
  return { action: 'change', kind: 'policy', name, fields, request };
}

async function resourceStep(admin: AdminClient, audience: string, wanted: Json): Promise<Step | null> {
  const path = `/v1/resources/${encodeURIComponent(audience)}`;
  const before = await existing(admin, path);
  if (before === null) {
    const request = { method: 'POST', path: '/v1/resources', body: { audience, ...wanted } };
    return { action: 'create', kind: 'resource', name: audience, fields: [], request };
  }
  const fields = differing(wanted, before);
  if (fields.length === 0) return null;
  const request = { method: 'PATCH', path, body: only(wanted, fields), version: before.version };
  return { action: 'change', kind: 'resource', name: audience, fields, request };
}

async function clientStep(admin: AdminClient, id: string, wanted: Json): Promise<Step | null> {
  const path = `/v1/clients/${encodeURIComponent(id)}`;
  const before = await existing(admin, path);
  if (before === null) {
    const body = { client_id: id, ...without(wanted, (value) => value === null) };
    return {
      action: 'create',
      kind: 'client',
      name: id,
      fields: [],
      request: { method: 'POST', path: '/v1/clients', body },
    };
  }
  const fields = differing(wanted, before);
  if (fields.length === 0) return null;
  const request = { method: 'PATCH', path, body: only(wanted, fields), version: before.version };
  return { action: 'change', kind: 'client', name: id, fields, request };
}

/** A route is replaced as a whole: what the description leaves out gets its default again. */
async function routeStep(admin: AdminClient, name: string, wanted: Json): Promise<Step | null> {
  const path = `/v1/gateway-routes/${encodeURIComponent(name)}`;
  const before = await existing(admin, path);
  if (before === null) {
    const request = { method: 'POST', path: '/v1/gateway-routes', body: { name, ...wanted } };
    return { action: 'create', kind: 'route', name, fields: [], request };
  }
  const { name: _, version, created_at: _c, updated_at: _u, ...kept } = before;
  const dropped = Object.keys(kept).filter((member) => !(member in wanted));
  const fields = [...differing(wanted, kept), ...dropped];
  if (fields.length === 0) return null;
  return {
    action: 'change',
    kind: 'route',
    name,
    fields,
    request: { method: 'PUT', path, body: wanted, version },
  };
}

async function attachmentSteps(admin: AdminClient, wanted: Description): Promise<Step[]> {
  const targets = [
    ...(wanted.everyone === undefined
      ? []
      : [{ target: { kind: 'everyone' }, name: 'everyone', policy: wanted.everyone }]),
    ...Object.entries(wanted.resources).map(([audience, { policy }]) => ({
      target: { kind: 'resource', audience },
      name: audience,
      policy,
    })),
    ...Object.entries(wanted.clients).map(([id, { policy }]) => ({
      target: { kind: 'client', client_id: id },
      name: id,
      policy,
    })),
  ].filter(({ policy }) => policy !== undefined);
  if (targets.length === 0) return [];
  const attached = await admin.list('/v1/policy-attachments', { limit: 200 });
  return targets.flatMap(({ target, name, policy }): Step[] => {
    const now = attached.find((one) => isDeepStrictEqual(one.target, target))?.policy ?? null;
    if (now === policy) return [];
    const path = '/v1/policy-attachments';
    return policy === null
      ? [
          {
            action: 'detach',
            kind: 'attachment',
            name,
            fields: [now],
            request: { method: 'POST', path: `${path}/detach`, body: { target } },
          },
        ]
      : [
          {
            action: 'attach',
            kind: 'attachment',
            name,
            fields: [policy!],
            request: { method: 'PUT', path, body: { target, policy } },
          },
        ];
  });
}

/** Members that are wanted otherwise; an absent member is null. */
function differing(
  wanted: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(wanted)
    .filter(([name, value]) => value !== undefined && !isDeepStrictEqual(value, before[name] ?? null))
    .map(([name]) => name);
}

const only = (of: Readonly<Record<string, unknown>>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, of[name]]));

const without = (of: Readonly<Record<string, unknown>>, drop: (value: unknown) => boolean) =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => !drop(value)));
