import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ProtocolPages } from '../protocol-pages.js';
import { pageRequest } from '../refusals/page-request.js';

const isLibraryPage = '<title>Submitting Callback</title>';

/**
 * Three steps of the library take a form that submits itself: `response_mode=form_post`, a link with a device's code in it,
 * and sign-out in a browser that is not signed in. Its page for that has no hook; it is read and drawn again as one of
 * ours (pinned by test/e2e/protocol-endpoints.test.ts).
 */
export function drawOnwardForm(ctx: KoaContextWithOIDC, pages: ProtocolPages): void {
  const { body } = ctx;
  if (typeof body !== 'string' || !body.includes(isLibraryPage)) return;
  const [, action] = /<form method="post" action="([^"]*)">/.exec(body) ?? [];
  if (action === undefined) return;
  const inputs = body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"\/>/g);
  const fields = Object.fromEntries([...inputs].map(([, name, value]) => [name!, plain(value!)]));
  const { html, headers } = pages.onward(
    { ...destination(ctx), action: plain(action), fields },
    pageRequest(ctx),
  );
  ctx.set({ ...headers });
  ctx.body = html;
}

/** The address of the form, and whether an application may follow. */
function destination({
  oidc,
}: KoaContextWithOIDC): Pick<Parameters<ProtocolPages['onward']>[0], 'to' | 'leadsOut'> {
  if (oidc.route === 'code_verification') return { to: 'device', leadsOut: false };
  if (oidc.route !== 'end_session') return { to: 'application', leadsOut: true };
  const { state } = (oidc.session ?? {}) as { state?: { postLogoutRedirectUri?: string } };
  return { to: 'sign_out', leadsOut: state?.postLogoutRedirectUri !== undefined };
}

const characters: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/** The text that the library escaped, as it was. */
const plain = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => characters[entity]!);
