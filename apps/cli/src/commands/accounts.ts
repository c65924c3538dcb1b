import { Command } from 'commander';
import type { Json } from '../admin-client.js';
import { accountId, confirm, contextOf } from '../context.js';
import { facts, printable, table } from '../output.js';
import { type ActOptions, actOnSeen } from './act-on-seen.js';
import { unlink } from './identity-providers.js';
import { importAccounts } from './import-accounts.js';

/** `curfew accounts`. */
export const accounts = (): Command =>
  new Command('accounts')
    .summary('people: list, create, disable, delete, passwords, operators')
    .description('People who sign in. An account is named by its id or its username.')
    .addCommand(list())
    .addCommand(show())
    .addCommand(create())
    .addCommand(importAccounts())
    .addCommand(invite())
    .addCommand(password())
    .addCommand(
      ending('disable', 'refuse further sign-ins and end all sessions', (thing) => ({
        method: 'POST',
        path: `${thing}/disable`,
      })),
    )
    .addCommand(enable())
    .addCommand(
      ending('delete', 'delete with everything it allowed, and end all sessions', (thing) => ({
        method: 'DELETE',
        path: thing,
      })),
    )
    .addCommand(exportData())
    .addCommand(erase())
    .addCommand(unlink())
    .addCommand(operator())
    .addCommand(groups());

const exportData = (): Command =>
  new Command('export')
    .summary('hand out everything that is kept about a person (GDPR Art. 15)')
    .argument('<account>', 'id or username')
    .option('--note <text>', 'for those who read the history later')
    .addHelpText(
      'after',
      '\nPrints JSON, without secrets.\n\nExample:\n  curfew accounts export user1@example.test > user1.json',
    )
    .action(async (name: string, { note }: { note?: string }, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const id = await accountId(admin, name);
      const { body } = await admin.send('POST', `/v1/accounts/${id}/export`, { body: { note } });
      context.output.line(JSON.stringify(body, null, 2));
    });

const erase = (): Command =>
  new Command('erase')
    .summary('delete an account and erase the person from what is kept (GDPR Art. 17)')
    .argument('<account>', 'id or username; the id where the account was deleted before')
    .option('--note <text>', 'for those who read the history later')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Events keep what happened and when, without addresses, devices and notes. The sealed history still verifies. A repeat erases
what a broken request left.

Examples:
  curfew accounts erase user1@example.test --note "request of 3 May"
  curfew accounts erase 3b241101-e2bb-4255-8caf-4136c566a962 --yes`,
    )
    .action(async (name: string, options: { note?: string; yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const id = await accountId(admin, name);
      await confirm(context, `${name} will be deleted, and erased from the history for ever.`, options.yes);
      const { body } = await admin.send('POST', `/v1/accounts/${id}/erase`, { body: { note: options.note } });
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(`erased, behind ${body.seals} seals and in ${body.records} records`);
    });

const list = (): Command =>
  new Command('list')
    .summary('list accounts')
    .option('--prefix <text>', 'how the username begins')
    .option('--limit <number>', 'most accounts to list', '200')
    .addHelpText('after', '\nExample:\n  curfew accounts list --prefix user')
    .action(async (options: { prefix?: string; limit: string }, command: Command) => {
      const context = contextOf(command);
      const items = await (await context.admin()).list(
        '/v1/accounts',
        { prefix: options.prefix },
        Number(options.limit),
      );
      if (context.output.json) return context.output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one) => [
        one.id,
        one.username,
        one.disabled_at ? 'disabled' : 'active',
        one.created_at,
      ]);
      context.output.line(table(['ID', 'USERNAME', 'STATE', 'CREATED'], rows));
    });

const show = (): Command =>
  new Command('show')
    .summary('show an account with its consents and live sessions')
    .argument('<account>', 'id or username')
    .addHelpText('after', '\nExample:\n  curfew accounts show user1@example.test')
    .action(async (name: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const id = await accountId(admin, name);
      const [account, consents, sessions] = await Promise.all([
        admin.get(`/v1/accounts/${id}`),
        admin.get(`/v1/accounts/${id}/consents`),
        admin.list(`/v1/accounts/${id}/sessions`, { state: 'live' }, 200),
      ]);
      const whole = { ...account, consents: consents.items, live_sessions: sessions };
      if (context.output.json) return context.output.line(JSON.stringify(whole, null, 2));
      context.output.line(facts(Object.entries(account)));
      const allowed = consents.items.map((one: Json) => [one.client_id, one.granted_at, one.scopes]);
      if (allowed.length > 0)
        context.output.line(`\n${table(['ALLOWED CLIENT', 'SINCE', 'SCOPES'], allowed)}`);
      const live = sessions.map((one) => [one.id, one.client_id, one.started_at, one.signals.ip]);
      if (live.length > 0)
        context.output.line(`\n${table(['LIVE SESSION', 'CLIENT', 'STARTED', 'IP'], live)}`);
    });

const create = (): Command =>
  new Command('create')
    .summary('create an account with a generated password, or invite its person')
    .argument('<username>')
    .option('--email <address>', 'the address of email')
    .option('--name <text>', 'the display name')
    .option('--invite', 'send a link to choose the password, in place of generating one')
    .addHelpText(
      'after',
      '\nThe password is shown once and has to be changed at the first sign-in.\n\nExamples:\n  curfew accounts create ada@example.com\n  curfew accounts create ada --email ada@example.com --name "Ada L." --invite',
    )
    .action(
      async (
        username: string,
        options: { email?: string; name?: string; invite?: boolean },
        command: Command,
      ) => {
        const context = contextOf(command);
        const { email, name, invite } = options;
        const wanted = { username, email, display_name: name, invite };
        const request = { body: wanted, idempotent: true };
        const { body } = await (await context.admin()).send('POST', '/v1/accounts', request);
        if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
        context.output.line(
          facts([
            ['id', body.id],
            ['username', body.username],
            invite ? ['invitation', `on its way to ${body.email}`] : ['password', body.password],
          ]),
        );
      },
    );

const invite = (): Command =>
  new Command('invite')
    .summary('send a person without password a link to choose one')
    .argument('<account>', 'id or username')
    .addHelpText('after', '\nExample:\n  curfew accounts invite ada@example.com')
    .action(async (name: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      await admin.send('POST', `/v1/accounts/${await accountId(admin, name)}/invite`, { body: {} });
      context.output.line(
        context.output.json ? '{}' : 'Done. The link in the mail works once, for 20 minutes.',
      );
    });

const password = (): Command =>
  new Command('password')
    .summary('generate a new password, and end all sessions')
    .argument('<account>', 'id or username')
    .option('--keep-sessions', 'do not end sessions')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  curfew accounts password user1@example.test --yes')
    .action(async (name: string, options: { keepSessions?: boolean; yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const id = await accountId(admin, name);
      await confirm(context, 'This replaces the password.', options.yes);
      const request = { body: { end_sessions: options.keepSessions !== true }, idempotent: true };
      const { body } = await admin.send('PUT', `/v1/accounts/${id}/password`, request);
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(
        facts([
          ['password', body.password],
          ['sessions ended', body.ended?.recorded ?? 0],
        ]),
      );
    });

type Target = (thing: string) => { readonly method: 'POST' | 'DELETE'; readonly path: string };

const ending = (name: string, summary: string, target: Target): Command =>
  new Command(name)
    .summary(summary)
    .argument('<account>', 'id or username')
    .option('--note <text>', 'why; kept in the history')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `\nExample:\n  curfew accounts ${name} user1@example.test --note "left the company" --yes`,
    )
    .action(async (account: string, options: ActOptions, command: Command) => {
      const context = contextOf(command);
      const id = await accountId(await context.admin(), account);
      const thing = `/v1/accounts/${id}`;
      const act = {
        ...{ thing, search: { account: id }, effect: summary, ...target(thing) },
        nameOf: (seen: Json) => `account ${printable(seen.username)} (${id})`,
      };
      await actOnSeen(context, act, options);
    });

const enable = (): Command =>
  new Command('enable')
    .summary('enable a disabled account')
    .argument('<account>', 'id or username')
    .addHelpText('after', '\nExample:\n  curfew accounts enable user1@example.test')
    .action(async (name: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      await admin.send('POST', `/v1/accounts/${await accountId(admin, name)}/enable`, { body: {} });
      context.output.line(context.output.json ? '{}' : 'Done. None of its old sessions lives again.');
    });

const operator = (): Command =>
  new Command('operator')
    .summary('set what a person may do in the admin API')
    .argument('<account>', 'id or username')
    .argument('[scopes...]', 'such as sessions:read sessions:end; none: no operator any more')
    .addHelpText('after', '\nExample:\n  curfew accounts operator ada@example.com sessions:read sessions:end')
    .action(async (name: string, scopes: string[], _: unknown, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const path = `/v1/accounts/${await accountId(admin, name)}/operator`;
      const { body } = await admin.send('PUT', path, { body: { scopes } });
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(
        facts([
          ['username', body.username],
          ['may', body.operator_scopes],
        ]),
      );
    });

const groups = (): Command =>
  new Command('groups')
    .summary('set the groups that applications are told')
    .argument('<account>', 'id or username')
    .argument('[groups...]', 'such as staff finance; none: no group any more')
    .addHelpText(
      'after',
      '\nApplications that are registered for the scope "groups" are told.\n\nExample:\n  curfew accounts groups ada@example.com staff finance',
    )
    .action(async (name: string, wanted: string[], _: unknown, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const path = `/v1/accounts/${await accountId(admin, name)}`;
      const { body } = await admin.send('PATCH', path, { body: { groups: wanted } });
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(
        facts([
          ['username', body.username],
          ['groups', body.groups],
        ]),
      );
    });
