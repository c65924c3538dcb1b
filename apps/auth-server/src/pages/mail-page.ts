import { type Html, html, type PageDocument } from '@curfew/pages';
import { codeField } from './code-field.js';
import { goodNotice, hidden, layout, type PageModel, problemNotice } from './layout.js';
import { type PasskeyOffer, passkeyButton, passkeyScriptOf } from './passkey-script.js';
import { revealing } from './password-input.js';
import type { PasswordPage, PasswordProblem } from './password-page.js';
import { currentField } from './second-step-settings.js';
import { sentOnce } from './sent-once.js';

/** The page on which a person sees and changes their address of email. */
export interface MailPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly username: string;
  readonly address: string | null;
  readonly isConfirmed: boolean;
  /** Whether mail is sent at all; without it no address can be confirmed. */
  readonly sendsMail: boolean;
  /** Whether a code is asked for as well, and which. */
  readonly asksCode: PasswordPage['asksCode'];
  readonly passkey?: PasskeyOffer;
  readonly problem?: PasswordProblem | undefined;
  /** Whether a link is on its way. */
  readonly isSent: boolean;
}

/** Renders the page. */
export function mailPage(page: MailPage): PageDocument {
  const { address, base, language, look, problem, sendsMail } = page;
  const { say } = language;
  const title = say('page.mail');
  const state =
    address === null
      ? say('mail.none')
      : say(page.isConfirmed ? 'mail.confirmed' : 'mail.unconfirmed', {
          address: html`<strong>${address}</strong>`,
        });
  const content = html`<div class="heading"><h1>${title}</h1></div>
<div class="card stack">
${page.isSent && goodNotice(say('mail.sent'))}
${problem?.field === 'form' && problemNotice(problem.text)}
<p>${state}</p>
${sendsMail ? form(page) : html`<p class="quiet">${say('mail.off')}</p>`}
</div>
${sentOnce}${revealing}${passkeyScriptOf(page.passkey, base)}`;
  return layout({ title, content, failed: Boolean(problem), navigation: 'mail', base, language, look });
}

function form(page: MailPage): Html {
  const { language, problem } = page;
  const { say } = language;
  const wrong = problem?.field === 'address' ? problem.text : undefined;
  const wanted = page.isConfirmed ? undefined : page.address;
  return html`<p class="quiet">${say('mail.lead')}</p>
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<div class="field unseen" aria-hidden="true"><input type="text" autocomplete="username" readonly tabindex="-1" value="${page.username}"></div>
<div class="field"><label for="address">${say('mail.new')}</label>
${wrong && html`<p class="problem" id="address-problem" role="alert">${wrong}</p>`}
<input id="address" name="address" type="email" autocomplete="email" maxlength="254" required value="${wanted}"${wrong && html` aria-invalid="true" aria-describedby="address-problem" autofocus`}></div>
${currentField(page)}
${page.asksCode && codeField(language, { isWrong: problem?.field === 'code', text: problem?.text, or: page.asksCode })}
<button>${say('mail.submit')}</button>
${passkeyButton(page.passkey, language, { plain: true })}
</form>`;
}
