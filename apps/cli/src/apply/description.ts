import { readFile } from 'node:fs/promises';
import { keptRoute, keptRouteFaults, routeParts } from '@curfew/config';
import { parse } from 'yaml';
import { z } from 'zod';
import { CommandError, exitCodes } from '../exit.js';

const policyName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be the name of a policy' });
const attached = policyName.nullable().optional();

const client = z
  .looseObject({ client_name: z.string(), resource: z.string().nullable().optional(), policy: attached })
  .superRefine((members, context) => {
    for (const [name, value] of Object.entries(members))
      if (value === null && name !== 'policy' && name !== 'resource')
        context.addIssue({
          code: 'custom',
          path: [name],
          message: 'must not be null: leave it out, or write the value',
        });
  });

const gatewayRoute = z
  .strictObject({ position: z.int().min(0), resource: z.string(), ...keptRoute.shape })
  .superRefine((route, context) => {
    for (const message of keptRouteFaults(route)) context.addIssue({ code: 'custom', message });
  });

const schema = z.strictObject({
  everyone: attached,
  policies: z.record(policyName, z.record(z.string(), z.unknown())).default({}),
  resources: z
    .record(
      z.string(),
      z.strictObject({
        name: z.string(),
        scopes: z.array(z.string()),
        token_format: z.enum(['opaque', 'jwt']).optional(),
        signing_alg: z.string().nullable().optional(),
        policy: attached,
      }),
    )
    .default({}),
  clients: z.record(z.string(), client).default({}),
  gateway_routes: z.record(routeParts.word, gatewayRoute).default({}),
});

/** What a file says there should be. */
export type Description = z.output<typeof schema>;

/** Reads a description; every fault of the file is told at once, with its place. */
export async function readDescription(file: string): Promise<Description> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CommandError(`${file} cannot be read`, exitCodes.usage);
  });
  let content: unknown;
  try {
    content = parse(text, { maxAliasCount: 50 });
  } catch (error) {
    const { linePos } = error as { linePos?: { line: number }[] };
    const place = linePos?.[0] ? `, line ${linePos[0].line}` : '';
    throw new CommandError(`${file}${place}: is neither YAML nor JSON`, exitCodes.usage);
  }
  const read = schema.safeParse(content);
  if (read.success) return read.data;
  const faults = read.error.issues.map(
    ({ path, message }) => `  ${path.map(String).join('.') || '(file)'}: ${message}`,
  );
  throw new CommandError(`${file}:\n${faults.join('\n')}`, exitCodes.usage);
}
