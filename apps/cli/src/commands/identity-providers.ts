import { Command } from 'commander';
import type { AdminClient } from '../admin-client.js';
import { accountId, confirm, contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { otherServices } from './other-services.js';

/** `curfew identity-providers`. */
export const identityProviders = (): Command =>
  otherServices({
    name: 'identity-providers',
    called: 'other identity providers',
    description:
      'Other OpenID Providers with which people sign in. A change takes every scope of the admin API.',
    isPaged: true,
    columns: { NAME: ({ name }) => name, ISSUER: ({ issuer }) => issuer },
    shownOnly: ['id', 'redirect_uri', 'version', 'created_at', 'updated_at'],
    toRegister: ({ redirect_uri }) => [
      ['register there', redirect_uri],
      ['for logout tokens', `${redirect_uri}/logout`],
    ],
    secret: { member: 'client_secret', words: 'client secret' },
    members: 'issuer, name, client_id',
    words: {
      show: 'show one, with the addresses to register there',
      add: 'let people sign in with one',
      id: 'a word; the addresses to register there name it',
      disable: 'let nobody sign in with one, until it is enabled',
      enable: 'let people sign in with one again',
      remove: 'delete one; accounts stay linked to its people, for when it comes back',
      removed: (id) => `Nobody will be able to sign in with ${id} any more.`,
    },
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
      '\ncurfew accounts show says whom an account is linked to. A link that the person has removed can be made by their address again afterwards.\n\nExample:\n  curfew accounts unlink ada@example.com https://login.example.com/tenant 248289761001 --note "linked by mistake"',
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
        if (body.allowed) return context.output.line('There was no link. Its address can link it again.');
        if (!body.unlinked) throw new CommandError('the account has no such link', exitCodes.notFound);
        context.output.line(`Done. ${body.ended.recorded} session(s) ended.`);
      },
    );
