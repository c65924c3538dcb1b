import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { ClientDirectory } from '../client-directory.js';
import type { Page, ProtocolPages } from '../protocol-pages.js';
import type { ProtocolParts } from '../protocol-parts.js';
import { adviceFor } from '../refusals/advice.js';
import { showErrorPage } from '../refusals/error-page.js';
import { noteError } from '../refusals/note-refusals.js';

type Features = NonNullable<Configuration['features']>;

function show(ctx: KoaContextWithOIDC, { html, headers }: Page): void {
  ctx.set({ ...headers });
  ctx.body = html;
}

const xsrfOf = (ctx: KoaContextWithOIDC): string =>
  String((ctx.oidc.session as { state?: { secret?: string } } | undefined)?.state?.secret ?? '');

/** What a person is told when a code they typed does not lead on; all of these re-render the form (RFC 8628 §3.3). */
const codeErrors: Record<string, string> = {
  NotFoundError: 'That code is not right. Check it and try again.',
  ExpiredError: 'That code has expired. Start again on your device to get a new one.',
  AlreadyUsedError: 'That code was used already. Start again on your device to get a new one.',
  NoCodeError: 'Enter the code that your device shows.',
};

/**
 * Whether the client has shown that the person who is signed in is the one to be signed out (RP-Initiated Logout §2). The library has
 * verified the hint; without it, or where another person is signed in, the person is asked.
 */
const isMeant = ({ oidc }: KoaContextWithOIDC): boolean =>
  oidc.entities.IdTokenHint !== undefined &&
  oidc.entities.IdTokenHint.payload.sub === oidc.session?.accountId;

/** The pages of sign-out. */
export const logoutPages = (
  pages: ProtocolPages,
  clients: ClientDirectory,
): Features['rpInitiatedLogout'] => ({
  enabled: true,
  logoutSource: async (ctx) => {
    const state = (
      ctx.oidc.session as unknown as { state: { clientId?: string; postLogoutRedirectUri?: string } }
    ).state;
    const client = state.clientId ? await clients.find(state.clientId) : undefined;
    const action = ctx.oidc.urlFor('end_session_confirm');
    const leadsOut = state.postLogoutRedirectUri !== undefined;
    const xsrf = xsrfOf(ctx);
    if (isMeant(ctx))
      show(ctx, pages.onward({ to: 'signing_out', action, fields: { xsrf, logout: 'yes' }, leadsOut }));
    else show(ctx, pages.logout({ action, xsrf, clientName: client?.name, leadsOut }));
  },
  postLogoutSuccessSource: async (ctx) => {
    const { client } = ctx.oidc;
    const registered = client ? await clients.find(client.clientId) : undefined;
    // Whoever declined to sign out comes here too, and the address does not tell them apart.
    const { accountId } = await ctx.oidc.provider.Session.get(ctx);
    show(ctx, pages.loggedOut({ clientName: registered?.name, stayed: accountId !== undefined }));
  },
});

/** The pages of the device flow (RFC 8628). */
export const devicePages = (
  pages: ProtocolPages,
  clients: ClientDirectory,
): Omit<Features['deviceFlow'] & object, 'enabled'> => ({
  userCodeInputSource: async (ctx, _form, out, error) => {
    if (error) noteError(ctx, error);
    if (error?.name === 'AbortedError') return show(ctx, pages.deviceStopped());
    const action = ctx.oidc.urlFor('code_verification');
    const problem = error
      ? (codeErrors[error.name] ?? (out ? 'That did not work. Try again.' : undefined))
      : undefined;
    const userCode = (error as { userCode?: string } | undefined)?.userCode;
    show(ctx, pages.deviceCode({ action, xsrf: xsrfOf(ctx), error: problem, userCode }));
  },
  userCodeConfirmSource: async (ctx, _form, client, deviceInfo, userCode) => {
    const registered = await clients.find(client.clientId);
    const action = ctx.oidc.urlFor('code_verification');
    const clientName = registered?.name ?? client.clientId;
    show(ctx, pages.deviceConfirm({ action, xsrf: xsrfOf(ctx), clientName, userCode, deviceInfo }));
  },
  successSource: async (ctx) => {
    const { client } = ctx.oidc;
    show(
      ctx,
      pages.deviceDone({ clientName: client ? (await clients.find(client.clientId))?.name : undefined }),
    );
  },
});

/** The page for people where a protocol error cannot be sent to a client. */
export const renderError =
  ({ pages, advisesDevelopers }: Pick<ProtocolParts, 'pages' | 'advisesDevelopers'>) =>
  async (ctx: KoaContextWithOIDC, _out: unknown, error: Error): Promise<void> => {
    const { cause } = noteError(ctx, error);
    showErrorPage(ctx, pages, cause, advisesDevelopers ? adviceFor(ctx, error, cause) : undefined);
  };
