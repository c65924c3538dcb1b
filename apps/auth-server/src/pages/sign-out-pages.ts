import { html, type PageDocument } from '@curfew/pages';
import { hidden, layout, type PageModel } from './layout.js';

/** The question before signing out. */
export interface LogoutPage extends PageModel {
  readonly action: string;
  readonly xsrf: string;
  /** The application that asked for it (OpenID Connect RP-Initiated Logout), if one did. */
  readonly clientName?: string | undefined;
}

/** RP-Initiated Logout §2: the person is asked, because a link can be followed without wanting to. */
export function logoutPage(page: LogoutPage): PageDocument {
  const { language, base, clientName } = page;
  const { say } = language;
  const title = say('sign_out.title');
  const lead = clientName
    ? say('sign_out.asked_by', { application: html`<strong>${clientName}</strong>` })
    : say('sign_out.lead');
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead">${lead}</p>
</div>
<form method="post" action="${page.action}" class="actions">
${hidden('xsrf', page.xsrf)}
<button${!clientName && html` class="plain"`}>${clientName ? say('sign_out.of', { application: clientName }) : say('sign_out.stay')}</button>
<button${clientName && html` class="plain"`} name="logout" value="yes">${say(clientName ? 'sign_out.everywhere' : 'sign_out.submit')}</button>
</form>
</div>`;
  return layout({ title, content, base, language, look: page.look });
}

/** The page after signing out. */
export interface LoggedOutPage extends PageModel {
  /** The application the person was signed out of. */
  readonly clientName?: string | undefined;
  readonly stayed?: boolean | undefined;
}

/** The end of a sign-out that no application continues. `stayed`: only the application was signed out, or nothing. */
export function loggedOutPage({ base, language, clientName, stayed, look }: LoggedOutPage): PageDocument {
  const { say } = language;
  const title = say(stayed ? 'sign_out.stayed' : 'sign_out.done');
  const stays = clientName ? 'sign_out.stayed_rest' : 'sign_out.stayed_lead';
  const lead = say(stayed ? stays : 'sign_out.done_lead');
  const application = clientName && html`<strong>${clientName}</strong>`;
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead">${application && html`${say('sign_out.done_of', { application })} `}${lead}</p>
</div>
<p><a href="${base}${stayed ? '/' : '/sign-in'}">${say(stayed ? 'sign_out.account' : 'sign_out.again')}</a></p>
</div>`;
  return layout({ title, content, base, language, look });
}
