import { type Html, html, type PageDocument, type PlainKey } from '@curfew/pages';
import { hidden, layout, logoOf, type PageModel, problemNotice } from './layout.js';
import { type PasskeyOffer, passkeyButton, passkeyScriptOf } from './passkey-script.js';
import { passwordInput, revealing } from './password-input.js';
import { sentOnce } from './sent-once.js';

/** The sign-in page: the application, the typed username, and the fault of the last attempt. */
export interface SignInPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  /** The application that asked, or absent when the person came here directly. */
  readonly clientName?: string | undefined;
  readonly username?: string | undefined;
  /** Why the last attempt did not succeed; never says which of the two fields was wrong. */
  readonly problem?: Html | undefined;
  /** Why a person who is already signed in must do it again. */
  readonly reason?: PlainKey | undefined;
  readonly remember?: boolean | undefined;
  /** The page for a forgotten password, where there is one. */
  readonly forgotten?: string | undefined;
  /** Other identity providers with which people sign in. */
  readonly providers?: readonly { readonly id: string; readonly name: string }[] | undefined;
  /** Asks the browser to show a passkey. */
  readonly passkey?: PasskeyOffer;
}

/** Name and password, and the way back to the application for who changed their mind. */
export function signInPage(page: SignInPage): PageDocument {
  const { language, base, clientName, problem, reason } = page;
  const { say } = language;
  const title = say('sign_in.title');
  const again = Boolean(problem && page.username);
  const content = html`<div class="card stack">
${logoOf(page)}
<div class="tight">
<h1>${title}</h1>
${clientName && html`<p class="lead">${say('sign_in.for', { application: html`<strong>${clientName}</strong>` })}</p>`}
</div>
${reason && html`<p class="quiet">${say(reason)}</p>`}
${problem && problemNotice(problem)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<div class="field">
<label for="username">${say('field.username')}</label>
<input id="username" name="username" type="text" inputmode="email" autocomplete="username webauthn" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="320" required data-instead value="${page.username}"${problem && html` aria-invalid="true" aria-describedby="problem"`}${!again && html` autofocus`}>
</div>
<div class="field">
<label for="password">${say('field.password')}</label>
${passwordInput(
  language,
  html` id="password" name="password" autocomplete="current-password" data-instead=""${problem && html` aria-invalid="true" aria-describedby="problem"`}${again && html` autofocus`}`,
)}
</div>
<label class="check"><input type="checkbox" name="remember" value="yes"${page.remember && html` checked`}><span>${say('sign_in.remember')}<br><span class="hint">${say('sign_in.remember_hint')}</span></span></label>
<button class="full">${say('sign_in.submit')}</button>
${passkeyButton(page.passkey, language, { autofill: true, plain: true })}
</form>
${page.providers && page.providers.length > 0 && providersForm(page, page.providers)}
${page.forgotten && html`<p><a href="${page.forgotten}">${say('forgotten.link')}</a></p>`}
${clientName && cancelForm(page)}
</div>
${sentOnce}${revealing}${passkeyScriptOf(page.passkey, base)}`;
  return layout({ title, content, failed: Boolean(problem), base, language, look: page.look });
}

/** One button for each provider, in a form that holds no password. */
const providersForm = (
  page: SignInPage,
  providers: NonNullable<SignInPage['providers']>,
) => html`<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<p class="quiet">${page.language.say('sign_in.or')}</p>
${providers.map(({ id, name }) => html`<button class="plain full" name="upstream" value="${id}">${page.language.say('sign_in.with', { name })}</button>`)}
</form>`;

const cancelForm = (page: SignInPage) => html`<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="plain full" name="decision" value="cancel">${page.language.say('page.cancel')}</button>
</form>`;
