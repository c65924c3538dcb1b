import type { ClientDirectory } from '@curfew/token-endpoint/client';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { DeviceNotice, DeviceProblem, Page, ProtocolPages } from '../protocol-pages.js';
import type { ProtocolParts } from '../protocol-parts.js';
import { adviceFor } from '../refusals/advice.js';
import { showErrorPage } from '../refusals/error-page.js';
import { noteError } from '../refusals/note-refusals.js';
import { pageRequest } from '../refusals/page-request.js';
import { sendToDevicePage, takeDeviceNotice } from './device-notices.js';

type Features = NonNullable<Configuration['features']>;

function show(ctx: KoaContextWithOIDC, { html, headers }: Page): void {
  ctx.set({ ...headers });
  ctx.body = html;
}

const xsrfOf = (ctx: KoaContextWithOIDC): string =>
  String((ctx.oidc.session as { state?: { secret?: string } } | undefined)?.state?.secret ?? '');

/** The library's names for a code that does not lead on. */
const codeProblems: Readonly<Record<string, DeviceProblem>> = {
  NotFoundError: 'not_found',
  ExpiredError: 'expired',
  AlreadyUsedError: 'used',
  NoCodeError: 'missing',
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
    const state = (ctx.oidc.session as { state: { clientId?: string; postLogoutRedirectUri?: string } })
      .state;
    const client = state.clientId ? await clients.find(state.clientId) : undefined;
    const action = ctx.oidc.urlFor('end_session_confirm');
    const leadsOut = state.postLogoutRedirectUri !== undefined;
    const xsrf = xsrfOf(ctx);
    const asked = pageRequest(ctx);
    if (isMeant(ctx))
      show(
        ctx,
        pages.onward({ to: 'signing_out', action, fields: { xsrf, logout: 'yes' }, leadsOut }, asked),
      );
    else show(ctx, pages.logout({ action, xsrf, clientName: client?.name, leadsOut }, asked));
  },
  postLogoutSuccessSource: async (ctx) => {
    const { client } = ctx.oidc;
    const registered = client ? await clients.find(client.clientId) : undefined;
    // A person who declined to sign out comes here too, and the address does not tell the two apart.
    const { accountId } = await ctx.oidc.provider.Session.get(ctx);
    const page = { clientName: registered?.name, stayed: accountId !== undefined };
    show(ctx, pages.loggedOut(page, pageRequest(ctx)));
  },
});

/** The pages of the device flow (RFC 8628). Each form is answered by sending the browser to the page that follows. */
export function devicePages(
  parts: Pick<ProtocolParts, 'pages' | 'clients' | 'basePath' | 'cookies'>,
): Omit<Features['deviceFlow'] & object, 'enabled'> {
  const { clients } = parts;
  const next = (ctx: KoaContextWithOIDC, notice: DeviceNotice): void => {
    if (ctx.method === 'POST') sendToDevicePage(ctx, parts, notice);
    else show(ctx, devicePageOf(ctx, parts, notice));
  };
  return {
    userCodeInputSource: async (ctx, _form, _out, error) => {
      if (error) {
        noteError(ctx, error);
        const notice = noticeOf(ctx, error);
        // A form that is none of ours, is damaged or too large stays refused in its own answer.
        if (notice.page === 'code' && notice.problem === 'failed')
          show(ctx, devicePageOf(ctx, parts, notice));
        else next(ctx, notice);
      } else show(ctx, devicePageOf(ctx, parts, takeDeviceNotice(ctx, parts)));
    },
    userCodeConfirmSource: async (ctx, _form, client, deviceInfo, userCode) => {
      const registered = await clients.find(client.clientId);
      const clientName = registered?.name ?? client.clientId;
      next(ctx, { page: 'confirm', clientName, userCode, deviceInfo: shortened(deviceInfo) });
    },
    successSource: async (ctx) => {
      const { client } = ctx.oidc;
      next(ctx, {
        page: 'done',
        clientName: client ? (await clients.find(client.clientId))?.name : undefined,
      });
    },
  };
}

/** A notice is a cookie, so what others sent is cut. */
const maxCodeShown = 64;
const maxAgentShown = 256;

function noticeOf({ status }: KoaContextWithOIDC, error: Error & { userCode?: string }): DeviceNotice {
  if (error.name === 'AbortedError') return { page: 'stopped' };
  const userCode = error.userCode?.slice(0, maxCodeShown);
  return { page: 'code', problem: codeProblems[error.name] ?? 'failed', userCode, status };
}

const shortened = ({ ip, ua }: { ip?: string; ua?: string } = {}) => ({
  ...(ip && { ip }),
  ...(ua && { ua: ua.slice(0, maxAgentShown) }),
});

/** The page that a notice is for; without one, the form for a code. */
function devicePageOf(
  ctx: KoaContextWithOIDC,
  { pages }: Pick<ProtocolParts, 'pages'>,
  notice?: DeviceNotice,
): Page {
  const form = { action: ctx.oidc.urlFor('code_verification'), xsrf: xsrfOf(ctx) };
  const asked = pageRequest(ctx);
  if (notice?.page === 'stopped') return pages.deviceStopped(asked);
  if (notice?.page === 'done') return pages.deviceDone(notice, asked);
  if (notice?.page === 'confirm') return pages.deviceConfirm({ ...notice, ...form }, asked);
  if (!notice) return pages.deviceCode(form, asked);
  const { status, problem, retryAfter, userCode } = notice;
  ctx.status = status;
  if (retryAfter !== undefined) ctx.set('Retry-After', String(retryAfter));
  return pages.deviceCode({ ...form, problem, userCode }, asked);
}

/** The page for people where a protocol error cannot be sent to a client. */
export const renderError =
  ({ pages, advisesDevelopers }: Pick<ProtocolParts, 'pages' | 'advisesDevelopers'>) =>
  async (ctx: KoaContextWithOIDC, _out: unknown, error: Error): Promise<void> => {
    const { cause } = noteError(ctx, error);
    showErrorPage(ctx, pages, cause, advisesDevelopers ? adviceFor(ctx, error, cause) : undefined);
  };
