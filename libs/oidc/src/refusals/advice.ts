import type { ErrorCause } from '@curfew/token-endpoint';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ProtocolError } from './cause-of.js';
import { parameter } from './note-refusals.js';

const maxShown = 200;
const maxListed = 10;

const short = (text: string): string => (text.length > maxShown ? `${text.slice(0, maxShown)}…` : text);

const listed = (values: readonly string[]): string => {
  if (values.length === 0) return 'none';
  const rest = values.length > maxListed ? [`and ${values.length - maxListed} more`] : [];
  return [...values.slice(0, maxListed).map(short), ...rest].join(', ');
};

const mismatch = (what: string, sent: string | undefined, registered: readonly string[] = []): string =>
  `${what} mismatch: got ${short(sent ?? 'none')}, registered ${listed(registered)}`;

/** Advice for the developer of a client whose request is refused. It repeats the request, so it is for development only. */
export function adviceFor(ctx: KoaContextWithOIDC, error: ProtocolError, cause: ErrorCause): string {
  const { client } = ctx.oidc;
  switch (cause) {
    case 'redirect_uri_mismatch':
      return mismatch('callback URL', parameter(ctx, 'redirect_uri'), client?.redirectUris);
    case 'post_logout_redirect_uri_mismatch':
      return mismatch(
        'post-logout URL',
        parameter(ctx, 'post_logout_redirect_uri'),
        client?.postLogoutRedirectUris,
      );
    case 'client_unknown':
      return `no client has the client_id ${short(parameter(ctx, 'client_id') ?? 'that was sent')}`;
    default: {
      const said = [error.error_description, error.error_detail].filter((part) => part !== undefined);
      return short(`${cause}: ${said.join('; ') || error.message}`);
    }
  }
}
