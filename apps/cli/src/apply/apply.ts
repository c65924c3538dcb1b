import type { AdminClient } from '../admin-client.js';
import { type Context, confirm } from '../context.js';
import { exitCodes } from '../exit.js';
import { table } from '../output.js';
import type { Description } from './description.js';
import { planFor, type Step } from './plan.js';

/** How far to go. */
export interface ApplyOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface MadeSecret {
  readonly client_id: string;
  readonly client_secret: string;
}

const signs = { create: '+', change: '~', attach: '+', detach: '-' } as const;

/** Plans, shows the plan, asks, and does it. What was done before a failure stays; the next run goes on from there. */
export async function applyDescription(
  context: Context,
  admin: AdminClient,
  wanted: Description,
  options: ApplyOptions,
): Promise<void> {
  const { output } = context;
  const plan = await planFor(admin, wanted);
  const described = plan.map(({ action, kind, name, fields }) => ({ action, kind, name, fields }));
  if (plan.length === 0 || options.dryRun) {
    output.line(
      output.json
        ? JSON.stringify({ plan: described, applied: false, secrets: [] }, null, 2)
        : planText(plan),
    );
    if (plan.length > 0) process.exitCode = exitCodes.found;
    return;
  }
  if (!output.json) output.line(planText(plan));
  await confirm(context, `Apply ${plan.length} change(s)?`, options.yes);
  const secrets: MadeSecret[] = [];
  for (const step of plan) {
    secrets.push(...(await carryOut(admin, step)));
    if (!output.json) output.line(`${signs[step.action]} ${step.kind} ${step.name}: done`);
  }
  if (output.json) return output.line(JSON.stringify({ plan: described, applied: true, secrets }, null, 2));
  if (secrets.length > 0)
    output.line(
      `\nShown this once:\n${table(
        ['CLIENT', 'SECRET'],
        secrets.map((one) => [one.client_id, one.client_secret]),
      )}`,
    );
}

const planText = (plan: readonly Step[]): string =>
  plan.length === 0
    ? 'Nothing to change.'
    : table(
        ['', 'WHAT', 'NAME', 'MEMBERS'],
        plan.map(({ action, kind, name, fields }) => [`${signs[action]} ${action}`, kind, name, fields]),
      );

async function carryOut(admin: AdminClient, { kind, name, request }: Step): Promise<MadeSecret[]> {
  const { method, path, body, version } = request;
  const answer = await admin.send(method, path, {
    body,
    ...(version === undefined ? {} : { version }),
    idempotent: method === 'POST' && path !== '/v1/policy-attachments/detach',
  });
  const secret: unknown = kind === 'client' ? answer.body?.client_secret : undefined;
  return typeof secret === 'string' ? [{ client_id: name, client_secret: secret }] : [];
}
