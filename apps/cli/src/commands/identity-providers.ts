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

/** The options of `curfew accounts unlink`. */
interface UnlinkOptions {
  readonly allow?: true;
  readonly note?: string;
  readonly yes?: boolean;
}

/** `curfew accounts unlink`. */
export const unlink = (): Command =>
  new Command('unlink')
    .summary('take a link to an identity provider away, and end everything of the account')
    .argument('<account>', 'id or username')
    .argument('<issuer>')
    .argument('<subject>')
    .option('--allow', 'take nothing away, and let the address link again what the person has removed')
    .option('--note <text>', 'why; kept in the history')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      '\ncurfew accounts show says whom an account is linked to. A link that the person has removed is made by no address until it is allowed.\n\nExamples:\n  curfew accounts unlink ada@example.com https://login.example.com/tenant 248289761001 --note "linked by mistake"\n  curfew accounts unlink ada@example.com https://login.example.com/tenant 248289761001 --allow',
    )
    .action(
      async (name: string, issuer: string, subject: string, options: UnlinkOptions, command: Command) => {
        const context = contextOf(command);
        const admin: AdminClient = await context.admin();
        const id = await accountId(admin, name);
        const { allow, note, yes } = options;
        const effect = allow
          ? 'This lets an address link again what the person has removed.'
          : 'This ends everything that the account has authorized.';
        await confirm(context, effect, yes);
        const given = { issuer, subject, ...(allow && { allow }), ...(note !== undefined && { note }) };
        const { body } = await admin.send('POST', `/v1/accounts/${id}/unlink-identity`, { body: given });
        if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
        if (body.allowed) return context.output.line('Done. Its address can link it again.');
        if (allow) throw new CommandError('the person has removed no such link', exitCodes.notFound);
        if (!body.unlinked) throw new CommandError('the account has no such link', exitCodes.notFound);
        context.output.line(`Done. ${body.ended.recorded} session(s) ended.`);
      },
    );
