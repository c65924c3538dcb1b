import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Json } from '../admin-client.js';
import { secretFrom } from '../connection.js';
import { confirm, contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { facts, table } from '../output.js';
import { wholeNumber } from '../whole-number.js';

/** One kind of other service that this one asks or hears, as its commands differ from those of another kind. */
export interface OtherServices {
  /** The name of the command; also of the collection in the admin API. */
  readonly name: string;
  readonly called: string;
  readonly description: string;
  /** Whether the admin API has the list in pages. */
  readonly isPaged: boolean;
  readonly columns: Readonly<Record<string, (one: Json) => unknown>>;
  /** The members that the admin API shows and does not take. */
  readonly shownOnly: readonly string[];
  /** The addresses that the other service must know, by their titles. */
  readonly toRegister: (one: Json) => readonly (readonly [string, unknown])[];
  readonly secret: { readonly member: string; readonly words: string };
  /** The settings that a file has at least. */
  readonly members: string;
  readonly words: {
    readonly show: string;
    readonly add: string;
    readonly id: string;
    readonly disable: string;
    readonly enable: string;
    readonly remove: string;
    /** The effect of a deletion, as somebody is asked about it. */
    readonly removed: (id: string) => string;
  };
}

interface ChangeOptions {
  readonly secretFile?: string;
  readonly version?: string;
}

const pathOf = ({ name }: OtherServices, id?: string): string =>
  `/v1/${name}${id === undefined ? '' : `/${encodeURIComponent(id)}`}`;

/** The commands of one kind: list, show, add, change, disable, enable and delete. */
export const otherServices = (kind: OtherServices): Command =>
  new Command(kind.name)
    .summary(`${kind.called}: list, show, add, change, disable, delete`)
    .description(kind.description)
    .addCommand(list(kind))
    .addCommand(show(kind))
    .addCommand(add(kind))
    .addCommand(change(kind))
    .addCommand(switched(kind, 'disable', false))
    .addCommand(switched(kind, 'enable', true))
    .addCommand(remove(kind));

const list = (kind: OtherServices): Command =>
  new Command('list')
    .summary('list them')
    .addHelpText('after', `\nExample:\n  curfew ${kind.name} list`)
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const query = kind.isPaged ? { limit: 200 } : {};
      const items = await (await context.admin()).list(pathOf(kind), query);
      if (context.output.json) return context.output.line(JSON.stringify(items, null, 2));
      const columns: OtherServices['columns'] = {
        ID: ({ id }) => id,
        ...kind.columns,
        STATE: ({ enabled }) => (enabled ? 'enabled' : 'disabled'),
      };
      const rows = items.map((one) => Object.values(columns).map((of) => of(one)));
      context.output.line(table(Object.keys(columns), rows));
    });

const show = (kind: OtherServices): Command =>
  new Command('show')
    .summary(kind.words.show)
    .argument('<id>')
    .addHelpText('after', `\nExample:\n  curfew ${kind.name} show corp`)
    .action(async (id: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const found = await (await context.admin()).get(pathOf(kind, id));
      if (context.output.json) return context.output.line(JSON.stringify(found, null, 2));
      const own = Object.entries(found);
      const further = kind
        .toRegister(found)
        .filter(([, address]) => !own.some(([, value]) => value === address));
      context.output.line(facts([...own, ...further]));
    });

const add = (kind: OtherServices): Command =>
  new Command('add')
    .summary(kind.words.add)
    .argument('<id>', kind.words.id)
    .argument('<file>', `its settings in JSON, as the admin API takes them: ${kind.members}, …`)
    .requiredOption('--secret-file <file>', `a file with the ${kind.secret.words}, or - for standard input`)
    .addHelpText('after', `\nExample:\n  curfew ${kind.name} add corp corp.json --secret-file corp.secret`)
    .action(async (id: string, file: string, options: { secretFile: string }, command: Command) => {
      const context = contextOf(command);
      const secret = await secretFrom(options.secretFile, kind.secret.words);
      const request = {
        body: { ...(await settingsIn(file)), id, [kind.secret.member]: secret },
        idempotent: true,
      };
      const { body } = await (await context.admin()).send('POST', pathOf(kind), request);
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      const addresses = kind.toRegister(body);
      context.output.line(addresses.length > 0 ? facts(addresses) : `Version ${body.version}.`);
    });

const change = (kind: OtherServices): Command =>
  new Command('change')
    .summary(`replace its settings; the ${kind.secret.words} stays unless another is given`)
    .argument('<id>')
    .argument(
      '<file>',
      'its settings in JSON; it stays enabled or disabled where the file does not say, and other missing members get their defaults again',
    )
    .option('--secret-file <file>', `a file with a new ${kind.secret.words}, or - for standard input`)
    .option(
      '--version <number>',
      'the version that the file was made from: the change is refused if another one was made since',
    )
    .addHelpText('after', `\nExample:\n  curfew ${kind.name} change corp corp.json --version 3`)
    .action(async (id: string, file: string, options: ChangeOptions, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const madeFrom = options.version === undefined ? undefined : wholeNumber('--version', options.version);
      const secret = await secretFrom(options.secretFile, kind.secret.words);
      const settings = await settingsIn(file);
      const found = await admin.get(pathOf(kind, id));
      // Somebody may have switched it off in a hurry; a file that was written before does not undo that.
      const wanted = {
        ...{ enabled: found.enabled, ...settings },
        ...(secret === undefined ? {} : { [kind.secret.member]: secret }),
      };
      const request = { body: wanted, version: madeFrom ?? found.version };
      const { body } = await admin.send('PUT', pathOf(kind, id), request);
      const state = body.enabled ? '' : ' It is disabled.';
      context.output.line(
        context.output.json ? JSON.stringify(body, null, 2) : `Version ${body.version}.${state}`,
      );
    });

const switched = (kind: OtherServices, name: 'disable' | 'enable', enabled: boolean): Command =>
  new Command(name)
    .summary(kind.words[name])
    .argument('<id>')
    .addHelpText(
      'after',
      `\nNo session ends by it: curfew sessions end does that.\n\nExample:\n  curfew ${kind.name} ${name} corp`,
    )
    .action(async (id: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const found = await admin.get(pathOf(kind, id));
      const settings = Object.entries(found).filter(([member]) => !kind.shownOnly.includes(member));
      const request = { body: { ...Object.fromEntries(settings), enabled }, version: found.version };
      const { body } = await admin.send('PUT', pathOf(kind, id), request);
      context.output.line(context.output.json ? JSON.stringify(body, null, 2) : `Version ${body.version}.`);
    });

const remove = (kind: OtherServices): Command =>
  new Command('delete')
    .summary(kind.words.remove)
    .argument('<id>')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', `\nExample:\n  curfew ${kind.name} delete corp --yes`)
    .action(async (id: string, options: { yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const { version } = await admin.get(pathOf(kind, id));
      await confirm(context, kind.words.removed(id), options.yes);
      await admin.send('DELETE', pathOf(kind, id), { version });
      context.output.line(context.output.json ? '{}' : 'Deleted.');
    });

async function settingsIn(file: string): Promise<Json> {
  try {
    const settings: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings;
  } catch {
    // Said below, for a file that is not there as well.
  }
  throw new CommandError(`${file} cannot be read as an object of JSON`, exitCodes.usage);
}
