import { ahead, html, type PageDocument } from '@curfew/pages';
import type { Instant } from '@curfew/session-policy';
import { goodNotice, hidden, layout, logoOf, type PageModel } from './layout.js';
import { sentOnce } from './sent-once.js';

/** The page of a sign-in on which a person is asked to set up a second factor. */
export interface EnrolmentPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly clientName: string;
  /** The settings of the second step, which lead back here. */
  readonly settings: string;
  /** Whether nothing but a passkey is enough. */
  readonly needsPasskey: boolean;
  /** Until when the person may put it off; null where nothing goes on before. */
  readonly due: Instant | null;
  /** Whether the account has what is asked for by now. */
  readonly isDone: boolean;
  readonly now: Instant;
}

/** Renders the page: a way to the settings, or onward where the factor is there, and "later" while there is time. */
export function enrolmentPage(page: EnrolmentPage): PageDocument {
  const { base, language, look, clientName, due, isDone, needsPasskey, now } = page;
  const { say } = language;
  const title = say('enrol.title');
  const button = (decision: string, label: 'enrol.later' | 'page.continue' | 'page.cancel') =>
    html`<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="${decision === 'continue' ? 'full' : 'plain full'}" name="decision" value="${decision}">${say(label)}</button>
</form>`;
  const asked =
    due === null
      ? say(needsPasskey ? 'enrol.demand_passkey' : 'enrol.demand')
      : say('enrol.offer', { time: ahead(language, due, now) });
  const content = html`<div class="card stack">
${logoOf(page)}
<div class="tight"><h1>${title}</h1>
<p class="lead">${say('sign_in.for', { application: html`<strong>${clientName}</strong>` })}</p></div>
${
  isDone
    ? html`${goodNotice(say('enrol.done'))}${button('continue', 'page.continue')}`
    : html`<p>${asked}</p>
<p class="quiet">${say('enrol.how')}</p>
<p><a class="button full" href="${page.settings}">${say('enrol.set_up')}</a></p>
${due !== null && button('later', 'enrol.later')}`
}
${button('cancel', 'page.cancel')}
</div>
${sentOnce}`;
  return layout({ title, content, base, language, look });
}
