import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { AdminClient, Json } from '../admin-client.js';
import { secretFrom } from '../connection.js';
import { accountId, confirm, contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { facts, table } from '../output.js';
import { wholeNumber } from '../whole-number.js';

interface ChangeOptions {
  readonly secretFile?: string;
  readonly version?: string;
}

const pathOf = (id: string): string => `/v1/identity-providers/${encodeURIComponent(id)}`;

/** `curfew identity-providers`. */
export const identityProviders = (): Command =>
  new Command('identity-providers')
    .summary('other identity providers: list, show, add, change, disable, delete')
    .description(
      'Other OpenID Providers with which people sign in. A change takes every scope of the admin API.',
    )
    .addCommand(list())
    .addCommand(show())
    .addCommand(add())
    .addCommand(change())
    .addCommand(switched('disable', false, 'let nobody sign in with one, until it is enabled'))
    .addCommand(switched('enable', true, 'let people sign in with one again'))
    .addCommand(remove());

const list = (): Command =>
  new Command('list')
    .summary('list them')
    .addHelpText('after', '\nExample:\n  curfew identity-providers list')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await (await context.admin()).list('/v1/identity-providers', { limit: 200 });
      if (context.output.json) return context.output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one) => [one.id, one.name, one.issuer, one.enabled ? 'enabled' : 'disabled']);
      context.output.line(table(['ID', 'NAME', 'ISSUER', 'STATE'], rows));
    });

const show = (): Command =>
  new Command('show')
    .summary('show one, with the addresses to register there')
    .argument('<id>')
    .addHelpText('after', '\nExample:\n  curfew identity-providers show corp')
    .action(async (id: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const found = await (await context.admin()).get(pathOf(id));
      if (context.output.json) return context.output.line(JSON.stringify(found, null, 2));
      context.output.line(facts([...Object.entries(found), ['logout_uri', `${found.redirect_uri}/logout`]]));
    });

const add = (): Command =>
  new Command('add')
    .summary('let people sign in with one')
    .argument('<id>', 'a word; the addresses to register there name it')
    .argument('<file>', 'its settings in JSON, as the admin API takes them: issuer, name, client_id, …')
    .requiredOption('--secret-file <file>', 'a file with the client secret, or - for standard input')
    .addHelpText(
      'after',
      '\nExample:\n  curfew identity-providers add corp corp.json --secret-file corp.secret',
    )
    .action(async (id: string, file: string, options: { secretFile: string }, command: Command) => {
      const context = contextOf(command);
      const given = { ...(await settingsIn(file)), id, client_secret: await secretFrom(options.secretFile) };
      const request = { body: given, idempotent: true };
      const { body } = await (await context.admin()).send('POST', '/v1/identity-providers', request);
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(
        facts([
          ['register there', body.redirect_uri],
          ['for logout tokens', `${body.redirect_uri}/logout`],
        ]),
      );
    });

const change = (): Command =>
  new Command('change')
    .summary('replace its settings; the secret stays unless another is given')
    .argument('<id>')
    .argument(
      '<file>',
      'its settings in JSON; it stays enabled or disabled where the file does not say, and other missing members get their defaults again',
    )
    .option('--secret-file <file>', 'a file with a new client secret, or - for standard input')
    .option(
      '--version <number>',
      'the version that the file was made from: the change is refused if another one was made since',
    )
    .addHelpText('after', '\nExample:\n  curfew identity-providers change corp corp.json --version 3')
    .action(async (id: string, file: string, options: ChangeOptions, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const madeFrom = options.version === undefined ? undefined : wholeNumber('--version', options.version);
      const secret = await secretFrom(options.secretFile);
      const settings = await settingsIn(file);
      const found = await admin.get(pathOf(id));
      // Somebody may have switched it off in a hurry; a file that was written before does not undo that.
      const wanted = {
        ...{ enabled: found.enabled, ...settings },
        ...(secret === undefined ? {} : { client_secret: secret }),
      };
      const request = { body: wanted, version: madeFrom ?? found.version };
      const { body } = await admin.send('PUT', pathOf(id), request);
      const state = body.enabled ? '' : ' It is disabled.';
      context.output.line(
        context.output.json ? JSON.stringify(body, null, 2) : `Version ${body.version}.${state}`,
      );
    });

const switched = (name: string, enabled: boolean, summary: string): Command =>
  new Command(name)
    .summary(summary)
    .argument('<id>')
    .addHelpText(
      'after',
      `\nNo session ends by it: curfew sessions end does that.\n\nExample:\n  curfew identity-providers ${name} corp`,
    )
    .action(async (id: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const { version, ...found } = await admin.get(pathOf(id));
      const { id: _id, redirect_uri: _uri, created_at: _made, updated_at: _changed, ...settings } = found;
      const request = { body: { ...settings, enabled }, version };
      const { body } = await admin.send('PUT', pathOf(id), request);
      context.output.line(context.output.json ? JSON.stringify(body, null, 2) : `Version ${body.version}.`);
    });

const remove = (): Command =>
  new Command('delete')
    .summary('delete one; accounts stay linked to its people, for when it comes back')
    .argument('<id>')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  curfew identity-providers delete corp --yes')
    .action(async (id: string, options: { yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const { version } = await admin.get(pathOf(id));
      await confirm(context, `Nobody will be able to sign in with ${id} any more.`, options.yes);
      await admin.send('DELETE', pathOf(id), { version });
      context.output.line(context.output.json ? '{}' : 'Deleted.');
    });

/** `curfew accounts unlink`. */
export const unlink = (): Command =>
  new Command('unlink')
    .summary('take a link to an identity provider away, and end everything of the account')
    .argument('<account>', 'id or username')
    .argument('<issuer>')
    .argument('<subject>')
    .option('--note <text>', 'why; kept in the history')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      '\ncurfew accounts show says whom an account is linked to.\n\nExample:\n  curfew accounts unlink ada@example.com https://login.example.com/tenant 248289761001 --note "linked by mistake"',
    )
    .action(
      async (
        name: string,
        issuer: string,
        subject: string,
        options: { note?: string; yes?: boolean },
        command: Command,
      ) => {
        const context = contextOf(command);
        const admin: AdminClient = await context.admin();
        const id = await accountId(admin, name);
        await confirm(context, 'This ends everything that the account has authorized.', options.yes);
        const given = { issuer, subject, ...(options.note === undefined ? {} : { note: options.note }) };
        const { body } = await admin.send('POST', `/v1/accounts/${id}/unlink-identity`, { body: given });
        if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
        if (!body.unlinked) throw new CommandError('the account has no such link', exitCodes.notFound);
        context.output.line(`Done. ${body.ended.recorded} session(s) ended.`);
      },
    );

async function settingsIn(file: string): Promise<Json> {
  try {
    const settings: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings;
  } catch {
    // Said below, for a file that is not there as well.
  }
  throw new CommandError(`${file} cannot be read as an object of JSON`, exitCodes.usage);
}
