import { Command, Option } from 'commander';
import type { Json } from '../admin-client.js';
import { applyDescription } from '../apply/apply.js';
import { readDescription } from '../apply/description.js';
import { type Context, contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { table } from '../output.js';
import { setIdle } from './set-idle.js';
import { shadow } from './shadow.js';

/** `curfew policies`. */
export const policies = (): Command =>
  new Command('policies')
    .summary('policies: list, show, lint, preview, set-idle, shadow, apply')
    .description('How long sessions live and what ends them.')
    .addCommand(list())
    .addCommand(show())
    .addCommand(lint())
    .addCommand(preview())
    .addCommand(setIdle())
    .addCommand(shadow())
    .addCommand(apply());

const list = (): Command =>
  new Command('list')
    .summary('list policies and what they are attached to')
    .addHelpText('after', '\nExample:\n  curfew policies list')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await (await context.admin()).list('/v1/policies', { limit: 200 });
      if (context.output.json) return context.output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one) => [
        one.name,
        one.version === 0 ? 'profile' : `version ${one.version}`,
        one.settings.inactivityTimeout,
        one.settings.absoluteLifetime,
        one.attached_to.map(targetText),
      ]);
      context.output.line(table(['NAME', 'KIND', 'IDLE', 'ABSOLUTE', 'ATTACHED TO'], rows));
    });

const targetText = (target: Json): string =>
  target.kind === 'client'
    ? `client:${target.client_id}`
    : target.kind === 'resource'
      ? target.audience
      : 'everyone';

const show = (): Command =>
  new Command('show')
    .summary('show a policy with its settings')
    .argument('<name>')
    .addHelpText('after', '\nExample:\n  curfew policies show nist-aal2')
    .action(async (name: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const policy = await (await context.admin()).get(`/v1/policies/${encodeURIComponent(name)}`);
      if (context.output.json) return context.output.line(JSON.stringify(policy, null, 2));
      context.output.line(table(['SETTING', 'VALUE'], Object.entries(policy.settings)));
      if (policy.warnings.length > 0) context.output.line(`\n${warnings(policy.warnings)}`);
    });

const warnings = (found: Json[]): string =>
  table(
    ['', 'SETTING', 'WHAT'],
    found.map((one) => [one.severity, one.setting, one.message]),
  );

const lint = (): Command =>
  new Command('lint')
    .summary('check the policies in a file for errors and risks')
    .argument('<file>', 'YAML or JSON: one policy, or a file for curfew apply')
    .addOption(
      new Option('--attached-to <kind>', 'as if attached there').choices(['everyone', 'client', 'resource']),
    )
    .addHelpText(
      'after',
      '\nExits with 7 where a policy is invalid or a warning was found.\n\nExample:\n  curfew policies lint curfew.yaml',
    )
    .action(async (file: string, options: { attachedTo?: string }, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const results: Json[] = [];
      for (const [policy, settings] of await policiesIn(file)) {
        const body = {
          settings,
          ...(options.attachedTo === undefined ? {} : { attached_to: options.attachedTo }),
        };
        results.push({ policy, ...(await admin.send('POST', '/v1/policies/lint', { body })).body });
      }
      if (context.output.json) context.output.line(JSON.stringify(results, null, 2));
      else for (const result of results) tellLint(context, result);
      const clean = results.every(
        ({ valid, warnings: all }) => valid && all.every((one: Json) => one.severity === 'note'),
      );
      if (!clean) process.exitCode = exitCodes.found;
    });

function tellLint(
  { output }: Context,
  { policy, valid, violations, warnings: found, compliance }: Json,
): void {
  output.line(`${policy}: ${valid ? 'valid' : 'invalid'}`);
  for (const violation of violations) output.line(`  ${violation}`);
  if (found.length > 0) output.line(warnings(found));
  for (const one of compliance)
    output.line(
      `  ${one.met ? 'keeps' : 'does not keep'} ${one.timeouts_of}${one.met ? '' : ` (${one.missed_by.join(', ')})`}`,
    );
}

/** The policies of a file, by name. */
async function policiesIn(file: string): Promise<[string, unknown][]> {
  const { content } = await readDescription(file);
  const { policies: several } = content as { policies?: Record<string, unknown> };
  return several ? Object.entries(several) : [[file, content]];
}

const preview = (): Command =>
  new Command('preview')
    .summary('count how many live sessions would end now under a policy')
    .argument('<policy>', 'name of a policy, or a YAML or JSON file with one')
    .option('--client <id>', 'as if attached to this client')
    .option('--resource <audience>', 'as if attached to this API')
    .option('--everyone', 'as if attached to everyone')
    .option('--as <name>', 'with a file: as the next revision of this policy')
    .addHelpText(
      'after',
      '\nExamples:\n  curfew policies preview nist-aal2 --everyone\n  curfew policies preview strict.yaml --client shop',
    )
    .action(async (policy: string, options: PreviewOptions, command: Command) => {
      const context = contextOf(command);
      const body = await previewBody(policy, options);
      const found = (await (await context.admin()).send('POST', '/v1/policies/preview', { body })).body;
      if (context.output.json) return context.output.line(JSON.stringify(found, null, 2));
      context.output.line(`${found.would_end} of ${found.live} live session(s) would end now.`);
      const rows = found.by_client
        .filter((one: Json) => one.would_end > 0)
        .map((one: Json) => [one.client_id, one.live, one.would_end]);
      if (rows.length > 0) context.output.line(`\n${table(['CLIENT', 'LIVE', 'WOULD END'], rows)}`);
    });

interface PreviewOptions {
  readonly client?: string;
  readonly resource?: string;
  readonly everyone?: boolean;
  readonly as?: string;
}

async function previewBody(policy: string, options: PreviewOptions): Promise<object> {
  const { client, resource, everyone } = options;
  const target = client
    ? { kind: 'client', client_id: client }
    : resource
      ? { kind: 'resource', audience: resource }
      : everyone
        ? { kind: 'everyone' }
        : undefined;
  const attach = target === undefined ? {} : { attach_to: target };
  if (/^[a-z][a-z0-9-]{0,62}$/.test(policy)) return { name: policy, ...attach };
  const [first] = await policiesIn(policy);
  if (!first) throw new CommandError(`${policy} has no policy in it`, exitCodes.usage);
  return { settings: first[1], ...(options.as === undefined ? {} : { name: options.as }), ...attach };
}

const apply = (): Command =>
  new Command('apply')
    .summary('plan and apply the policies in a file')
    .requiredOption('-f, --file <file>', 'a file as for curfew apply; only its policies are looked at')
    .option('--dry-run', 'only plan')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  curfew policies apply -f curfew.yaml')
    .action(async (options: { file: string; dryRun?: boolean; yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      const wanted = await readDescription(options.file);
      const content = { policies: wanted.content['policies'] ?? {} };
      await applyDescription(
        context,
        await context.admin(),
        { content, told: (fault) => wanted.told(fault) },
        options,
      );
    });
