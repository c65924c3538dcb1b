import { html, type PageDocument, type PlainKey } from '@curfew/pages';
import type { PublicWords } from '@curfew/token-endpoint';
import { layout, type PageModel } from './layout.js';

/** A fault, as much of it as people need. */
export interface ErrorPage extends PageModel {
  readonly words: PublicWords;
  /** Lets an operator find the cause in the log; the page itself never tells it. */
  readonly requestId?: string | undefined;
  /** Advice for the developer of the application; shown in development only. */
  readonly advice?: string | undefined;
}

/** The title of a refusal and the sentences below it, by the words of its cause. */
export const refusalWords = {
  client: ['refusal.client', 'refusal.client_lead'],
  returnAddress: ['refusal.return_address', 'refusal.return_address_lead'],
  signOutAddress: ['refusal.sign_out_address', 'refusal.sign_out_address_lead'],
  signOutHint: ['refusal.sign_out_hint', 'refusal.sign_out_hint_lead'],
  request: ['refusal.request', 'refusal.request_lead'],
  expired: ['refusal.expired', 'refusal.expired_lead'],
  form: ['refusal.form', 'refusal.form_lead'],
  formUnreadable: ['refusal.form_unreadable', 'refusal.form_unreadable_lead'],
  unreadable: ['refusal.unreadable', 'refusal.unreadable_lead'],
  nothing: ['refusal.nothing', 'refusal.nothing_lead'],
  method: ['refusal.method', 'refusal.method_lead'],
  tooLarge: ['refusal.too_large', 'refusal.too_large_lead'],
  host: ['refusal.host', 'refusal.host_lead'],
  denied: ['refusal.denied', 'refusal.denied_lead'],
  wait: ['refusal.wait', 'refusal.wait_lead'],
  unavailable: ['refusal.unavailable', 'refusal.unavailable_lead'],
  fault: ['refusal.fault', 'refusal.fault_lead'],
} as const satisfies Readonly<Record<PublicWords, readonly [title: PlainKey, lead: PlainKey]>>;

/** A fault in plain words. Outside of development, nothing that was sent is repeated here and nothing of the inside is shown. */
export function errorPage(page: ErrorPage): PageDocument {
  const { base, language, advice, requestId } = page;
  const { say } = language;
  const [heading, lead] = refusalWords[page.words];
  const title = say(heading);
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead">${say(lead)}</p>
</div>
${advice && html`<section class="group tight" aria-labelledby="advice"><h2 id="advice">${say('refusal.for_developer')}</h2><p lang="en"><code>${advice}</code></p><p class="small quiet">${say('refusal.development_only')}</p></section>`}
${requestId && html`<p class="small quiet">${say('refusal.number', { number: html`<code>${requestId}</code>` })}</p>`}
</div>`;
  return layout({ title, content, failed: true, base, language, look: page.look });
}
