import { type Html, html, type PageDocument } from '@curfew/pages';
import { goodNotice, hidden, layout, type PageModel, problemNotice } from './layout.js';
import { sentOnce } from './sent-once.js';

/** The page on which a person asks for a link to choose a new password. */
export interface ForgottenPasswordPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  /** Whether mail is sent at all. */
  readonly sendsMail: boolean;
  /** Whether a form was taken just now. */
  readonly sent: boolean;
  readonly problem?: Html | undefined;
}

/** Renders the page. It says the same for every name, so that nobody learns which accounts there are. */
export function forgottenPasswordPage(page: ForgottenPasswordPage): PageDocument {
  const { base, language, sent, sendsMail } = page;
  const { say } = language;
  const title = say('forgotten.title');
  const body = sendsMail ? askForName(page) : html`<p>${say('forgotten.no_mail')}</p>`;
  const notice = html`${goodNotice(say('forgotten.sent'))}
<p class="quiet">${say('forgotten.sent_hint')}</p>`;
  const content = html`<div class="card stack">
<h1>${title}</h1>
${sent ? notice : body}
<p><a href="${base}/sign-in">${say('forgotten.back')}</a></p>
</div>
${sentOnce}`;
  return layout({ title, content, failed: Boolean(page.problem), base, language, look: page.look });
}

const askForName = ({ problem, action, csrf, language: { say } }: ForgottenPasswordPage): Html =>
  html`<p class="quiet">${say('forgotten.lead')}</p>
${problem && problemNotice(problem)}
<form method="post" action="${action}" class="stack">
${hidden('csrf', csrf)}
<div class="field">
<label for="username">${say('forgotten.name')}</label>
<input id="username" name="username" type="text" inputmode="email" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="320" required autofocus${problem && html` aria-invalid="true" aria-describedby="problem"`}>
</div>
<button class="full">${say('forgotten.submit')}</button>
</form>`;
