import { Command, Option } from 'commander';
import { contextOf } from '../context.js';
import { facts } from '../output.js';

interface CreateOptions {
  readonly name: string;
  readonly redirectUri?: string[];
  readonly postLogoutRedirectUri?: string[];
  readonly grant?: string[];
  readonly scope?: string;
  readonly resource?: string[];
  readonly answersFor?: string;
  readonly auth?: string;
  readonly native?: boolean;
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** `curfew clients create`. */
export const createClient = (): Command =>
  new Command('create')
    .summary('register a client; its secret is shown once')
    .argument('[id]', 'generated unless given')
    .requiredOption('--name <text>', 'name shown to people when they are asked for consent')
    .option('--redirect-uri <uri...>', 'redirect URI of authorization responses')
    .option('--post-logout-redirect-uri <uri...>', 'address to return to after signing out')
    .option(
      '--grant <type...>',
      'authorization_code (the default), refresh_token, client_credentials, device_code',
    )
    .option(
      '--scope <scopes>',
      'scope values it may ask for, separated by spaces; all of its APIs unless given',
    )
    .option('--resource <audience...>', 'APIs it may ask tokens for')
    .option('--answers-for <audience>', 'the API it is, if it is one')
    .addOption(
      new Option('--auth <method>', 'how it authenticates; none is a public client').choices([
        'client_secret_basic',
        'client_secret_post',
        'none',
      ]),
    )
    .option('--native', 'an app on a device: loopback redirects with any port (RFC 8252)')
    .addHelpText(
      'after',
      `
Examples:
  curfew clients create shop --name Shop --redirect-uri https://shop.example.com/callback --grant authorization_code refresh_token --resource https://orders.example.com
  curfew clients create --name "Nightly report" --grant client_credentials --resource https://orders.example.com --scope orders:read
  curfew clients create orders-api --name Orders --answers-for https://orders.example.com`,
    )
    .action(async (id: string | undefined, options: CreateOptions, command: Command) => {
      const context = contextOf(command);
      const { body } = await (await context.admin()).send('POST', '/v1/clients', {
        body: registrationOf(id, options),
        idempotent: true,
      });
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(
        facts([
          ['client_id', body.client_id],
          ['client_secret', body.client_secret ?? 'none: it is a public client, or an API without grants'],
        ]),
      );
    });

/** The registration by its RFC 7591 names; members without a flag keep their defaults. */
function registrationOf(id: string | undefined, options: CreateOptions): object {
  const grants = options.grant ?? (options.answersFor === undefined ? undefined : []);
  const members = {
    client_id: id,
    client_name: options.name,
    redirect_uris: options.redirectUri,
    post_logout_redirect_uris: options.postLogoutRedirectUri,
    grant_types: grants?.map((grant) => (grant === 'device_code' ? deviceGrant : grant)),
    scope: options.scope,
    resources: options.resource,
    resource: options.answersFor,
    token_endpoint_auth_method: options.auth,
    application_type: options.native ? 'native' : undefined,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
