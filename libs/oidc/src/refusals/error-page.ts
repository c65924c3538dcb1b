import { type ErrorCause, publicWords } from '@curfew/token-endpoint';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ProtocolPages } from '../protocol-pages.js';
import { pageRequest } from './page-request.js';

/** Answers with the page that says to a person what this cause means for them; `advice` is for the developer of the client. */
export function showErrorPage(
  ctx: KoaContextWithOIDC,
  pages: ProtocolPages,
  cause: ErrorCause,
  advice?: string,
): void {
  const requestId = ctx.response.get('x-request-id') || undefined;
  const { html, headers } = pages.error({ words: publicWords(cause), requestId, advice }, pageRequest(ctx));
  ctx.set({ ...headers });
  ctx.body = html;
}
