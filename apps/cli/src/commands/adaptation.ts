import { Command, Option } from 'commander';
import type { Json } from '../admin-client.js';
import { contextOf } from '../context.js';
import { facts, length, table } from '../output.js';

/** `curfew adaptation`. */
export const adaptation = (): Command =>
  new Command('adaptation')
    .summary(
      'policies that adapt their inactivity timeout: set, show, history, proposals, approve, decline, stop, release, releases',
    )
    .addCommand(set())
    .addCommand(show())
    .addCommand(history())
    .addCommand(proposals())
    .addCommand(settle('approve', 'take the step that was proposed'))
    .addCommand(settle('decline', 'decline the step that was proposed'))
    .addCommand(stop())
    .addCommand(release())
    .addCommand(releases());

const pathOf = (policy: string): string => `/v1/policies/${encodeURIComponent(policy)}`;

interface SetOptions {
  readonly mode: string;
  readonly floor: string;
  readonly ceiling: string;
  readonly compliance?: string;
  readonly budget: string;
  readonly max: string;
}

const set = (): Command =>
  new Command('set')
    .summary('set how a policy may adapt')
    .argument('<policy>')
    .addOption(
      new Option('--mode <mode>', 'what it may do')
        .choices(['off', 'propose', 'automatic'])
        .default('propose'),
    )
    .requiredOption('--floor <duration>', 'the shortest timeout, such as 10m')
    .requiredOption('--ceiling <duration>', 'the longest timeout, such as 1h')
    .option('--compliance <profile>', 'a document whose timeout is the ceiling')
    .option('--budget <kind>', 'sign_ins_per_person_day or exposure_hours_per_day', 'sign_ins_per_person_day')
    .requiredOption('--max <number>', 'the largest figure that is allowed')
    .addHelpText('after', '\nExample:\n  curfew adaptation set staff --floor 10m --ceiling 1h --max 1.5')
    .action(async (policy: string, options: SetOptions, command: Command) => {
      const { output, admin } = contextOf(command);
      const { mode, floor, ceiling, compliance, budget: kind, max } = options;
      const body = { mode, floor, ceiling, compliance, budget: { kind, max: Number(max) } };
      const made = (await (await admin()).send('PUT', `${pathOf(policy)}/adaptation`, { body })).body;
      output.line(output.json ? JSON.stringify(made, null, 2) : described(made));
    });

const show = (): Command =>
  new Command('show')
    .summary('show how a policy adapts and what was decided last')
    .argument('<policy>')
    .addHelpText('after', '\nExample:\n  curfew adaptation show staff')
    .action(async (policy: string, _: unknown, command: Command) => {
      const { output, admin } = contextOf(command);
      const found = await (await admin()).get(`${pathOf(policy)}/adaptation`);
      if (output.json) return output.line(JSON.stringify(found, null, 2));
      output.line(found.adaptation ? described(found.adaptation) : `${policy} does not adapt.`);
    });

const described = ({ policy, settings, rollout, decision, decided_at, stopped_at }: Json): string =>
  facts([
    ['Policy', policy],
    ['Mode', settings.mode],
    [
      'Rollout',
      rollout && `${length(rollout.from)} to ${length(rollout.to)}, ${rollout.share} % of the accounts`,
    ],
    ['Last decision', decision && `${decision.kind}: ${decision.reasons.join('; ')}`],
    ['Decided', decided_at],
    ['Stopped', stopped_at],
  ]);

const history = (): Command =>
  new Command('history')
    .summary('list the steps that were taken')
    .argument('<policy>')
    .addHelpText('after', '\nExample:\n  curfew adaptation history staff')
    .action(async (policy: string, _: unknown, command: Command) => {
      const { output, admin } = contextOf(command);
      const { items } = await (await admin()).get(`${pathOf(policy)}/adaptation/steps`);
      if (output.json) return output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one: Json) => [
        one.at,
        one.step,
        one.from === null ? '' : length(one.from),
        one.to === null ? '' : length(one.to),
        one.share === null ? '' : `${one.share} %`,
        one.by?.username ?? one.by?.kind ?? '',
        one.reasons.join('; '),
      ]);
      output.line(table(['AT', 'STEP', 'FROM', 'TO', 'ACCOUNTS', 'BY', 'REASONS'], rows));
    });

const proposals = (): Command =>
  new Command('proposals')
    .summary('list the steps that were proposed')
    .argument('<policy>')
    .addHelpText('after', '\nExample:\n  curfew adaptation proposals staff')
    .action(async (policy: string, _: unknown, command: Command) => {
      const { output, admin } = contextOf(command);
      const { items } = await (await admin()).get(`${pathOf(policy)}/proposals`);
      if (output.json) return output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one: Json) => [
        one.id,
        one.status,
        length(one.from),
        length(one.to),
        one.made_at,
      ]);
      output.line(table(['PROPOSAL', 'STATUS', 'FROM', 'TO', 'MADE'], rows));
    });

const settle = (word: 'approve' | 'decline', summary: string): Command =>
  new Command(word)
    .summary(summary)
    .argument('<policy>')
    .argument('<proposal>')
    .option('--note <text>', 'why, for those who read the history later')
    .addHelpText('after', `\nExample:\n  curfew adaptation ${word} staff 0198c5a0-…`)
    .action(async (policy: string, proposal: string, { note }: { note?: string }, command: Command) => {
      const { output, admin } = contextOf(command);
      const path = `${pathOf(policy)}/proposals/${encodeURIComponent(proposal)}/${word}`;
      const { body } = await (await admin()).send('POST', path, { body: { note } });
      output.line(output.json ? JSON.stringify(body, null, 2) : `${policy}: ${body.status}.`);
    });

const stop = (): Command =>
  new Command('stop')
    .summary('stop the adaptation of one policy, or of all')
    .argument('[policy]')
    .addHelpText('after', '\nExamples:\n  curfew adaptation stop\n  curfew adaptation stop staff')
    .action(async (policy: string | undefined, _: unknown, command: Command) => {
      const { output, admin } = contextOf(command);
      const { body } = await (await admin()).send('POST', '/v1/adaptation/stop', { body: { policy } });
      if (output.json) return output.line(JSON.stringify(body, null, 2));
      output.line(body.stopped.length === 0 ? 'Nothing adapts.' : `Stopped: ${body.stopped.join(', ')}`);
    });

const release = (): Command =>
  new Command('release')
    .summary('mark a release of an application: its policies do not adapt for 14 days')
    .argument('<client>')
    .addHelpText('after', '\nExample:\n  curfew adaptation release web-shop')
    .action(async (client: string, _: unknown, command: Command) => {
      const { output, admin } = contextOf(command);
      const { body } = await (await admin()).send('POST', '/v1/releases', { body: { client_id: client } });
      if (output.json) return output.line(JSON.stringify(body, null, 2));
      output.line(`Policies of ${client} stay as they are until ${body.frozen_until}.`);
    });

const releases = (): Command =>
  new Command('releases')
    .summary('list the releases that hold adaptation back')
    .addHelpText('after', '\nExample:\n  curfew adaptation releases')
    .action(async (_: unknown, command: Command) => {
      const { output, admin } = contextOf(command);
      const { items } = await (await admin()).get('/v1/releases');
      if (output.json) return output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one: Json) => [one.client_id, one.released_at, one.frozen_until]);
      output.line(table(['CLIENT', 'RELEASED', 'FROZEN UNTIL'], rows));
    });
