import { Command } from 'commander';
import type { AdminClient, Json } from '../admin-client.js';
import { applyDescription } from '../apply/apply.js';
import { contextOf } from '../context.js';

interface Target {
  readonly kind: string;
  readonly audience?: string;
}

/** `curfew policies set-idle`. */
export const setIdle = (): Command =>
  new Command('set-idle')
    .summary('set the inactivity timeout of an API')
    .argument('<api>', 'its audience')
    .argument('<timeout>', 'such as 15m')
    .option('--dry-run', 'only plan, and count the live sessions that would end')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
If the policy of the API is attached to nothing else, it is changed. Otherwise the API gets a copy of it with the new inactivity
timeout. If several policies match a session, the strictest applies.

Examples:
  curfew policies set-idle https://orders.example.com 15m --dry-run
  curfew policies set-idle https://orders.example.com 15m --yes`,
    )
    .action(
      async (
        api: string,
        timeout: string,
        options: { dryRun?: boolean; yes?: boolean },
        command: Command,
      ) => {
        const context = contextOf(command);
        const admin = await context.admin();
        const { name, settings, resource } = await wantedFor(admin, api, timeout);
        const members = Object.fromEntries(
          ['name', 'scopes', 'token_format', 'signing_alg'].map((member) => [member, resource[member]]),
        );
        const content = {
          policies: { [name]: settings },
          resources: { [api]: { ...members, policy: name } },
        };
        const target = { kind: 'resource', audience: api };
        const told = ({ at, detail }: { at: string; detail: string }) =>
          `${at.split('/').at(-1)} ${JSON.stringify(timeout)}: ${detail}`;
        await applyDescription(context, admin, { content, told }, options);
        if (!options.dryRun || context.output.json) return;
        const body = { settings, attach_to: target };
        const { live, would_end: ending } = (await admin.send('POST', '/v1/policies/preview', { body })).body;
        context.output.line(`\n${ending} of ${live} live session(s) would end now.`);
      },
    );

/** The policy that gives the API its timeout: the one it has where that is its own, else a new one with the same settings. */
async function wantedFor(admin: AdminClient, api: string, timeout: string) {
  const resource: Json = await admin.get(`/v1/resources/${encodeURIComponent(api)}`);
  const before: Json = await admin.get(`/v1/policies/${encodeURIComponent(resource.policy ?? 'standard')}`);
  const elsewhere = before.attached_to.some((target: Target) => target.audience !== api);
  const own = before.version > 0 && resource.policy !== null && !elsewhere;
  const settings = { ...before.settings, inactivityTimeout: timeout };
  return { resource, settings, name: own ? before.name : await unusedName(admin, resource.name) };
}

async function unusedName(admin: AdminClient, text: string): Promise<string> {
  const words = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  const stem = words.slice(0, 50) || 'api';
  const taken = new Set((await admin.list('/v1/policies', { limit: 200 })).map(({ name }) => name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? stem : `${stem}-${number}`;
    if (!taken.has(name)) return name;
  }
}
