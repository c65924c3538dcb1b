import { html, type PageDocument } from '@curfew/pages';
import { codeField } from './code-field.js';
import { hidden, layout, type PageModel, problemNotice } from './layout.js';
import { newPasswordFields, type PasswordProblem } from './password-page.js';
import { sentOnce } from './sent-once.js';

/** The page of a link from a mail whose person chooses a password. */
export interface LinkPasswordPage extends PageModel {
  readonly action: string;
  readonly username: string;
  readonly minLength: number;
  /** Whether it is the first password of the account. */
  readonly isInvitation: boolean;
  /** Whether the account has a second factor, whose code is asked for as well. */
  readonly asksCode: boolean;
  readonly problem?: PasswordProblem | undefined;
}

/** Renders the form. Opening the page uses nothing up: only the form does. */
export function linkPasswordPage(page: LinkPasswordPage): PageDocument {
  const { problem, language, base } = page;
  const { say } = language;
  const words = page.isInvitation ? 'choose' : 'reset';
  const title = say(`link.${words}_title`);
  const content = html`<div class="card stack">
<div class="tight"><h1>${title}</h1>
<p class="lead">${say(`link.${words}_lead`)}</p></div>
${problem?.field === 'form' && problemNotice(problem.text)}
<form method="post" action="${page.action}" class="stack">
<div class="field"><label for="username">${say('field.username')}</label>
<input id="username" type="text" autocomplete="username" readonly value="${page.username}"></div>
${page.asksCode && codeField(language, { isWrong: problem?.field === 'code', text: problem?.text, or: 'recovery' })}
${newPasswordFields(page, 'new')}
<button class="full">${say(`link.${words}_submit`)}</button>
</form>
</div>
${sentOnce}`;
  return layout({ title, content, failed: Boolean(problem), base, language, look: page.look });
}

/** The page of a link that acts by its button alone. */
export interface LinkButtonPage extends PageModel {
  readonly action: string;
  readonly purpose: 'email_verification' | 'email_change' | 'not_me';
  /** The address or the account that it is about. */
  readonly subject: string;
}

/** Renders the page with the button. Programs that open the links of mails press none. */
export function linkButtonPage({
  action,
  purpose,
  subject,
  base,
  language,
  look,
}: LinkButtonPage): PageDocument {
  const { say } = language;
  const words = purpose === 'not_me' ? 'not_me' : 'email';
  const title = say(`link.${words}_title`);
  const content = html`<div class="card stack">
<h1>${title}</h1>
<p>${say(`link.${words}_lead`, { subject: html`<strong>${subject}</strong>` })}</p>
<form method="post" action="${action}">
${hidden('act', purpose)}
<button class="full${words === 'not_me' && ' ending'}">${say(`link.${words}_submit`)}</button>
</form>
</div>
${sentOnce}`;
  return layout({ title, content, base, language, look });
}

/** The page after the act of a link. */
export interface LinkDonePage extends PageModel {
  readonly done: 'password' | 'email';
}

/** Renders the confirmation. */
export function linkDonePage({ done, base, language, look }: LinkDonePage): PageDocument {
  const { say } = language;
  const title = say(`link.${done}_done`);
  const isPassword = done === 'password';
  const content = html`<div class="card stack">
<h1>${title}</h1>
${isPassword && html`<p class="quiet">${say('link.password_done_lead')}</p>`}
<p><a class="button" href="${base}/${isPassword && 'sign-in'}">${say(isPassword ? 'sign_in.submit' : 'link.to_account')}</a></p>
</div>`;
  return layout({ title, content, base, language, look });
}

/** The page of a link that was used, or has expired, or never was one. */
export function linkGonePage({ base, language, look }: PageModel): PageDocument {
  const { say } = language;
  const title = say('link.gone');
  const content = html`<div class="card stack">
<h1>${title}</h1>
<p>${say('link.gone_lead')}</p>
<p><a class="button" href="${base}/forgotten-password">${say('link.again')}</a></p>
</div>`;
  return layout({ title, content, failed: true, base, language, look });
}
