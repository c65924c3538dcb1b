import { ago, type Html, html, type PageDocument } from '@curfew/pages';
import type { Instant } from '@curfew/session-policy';
import { layout, type PageModel } from './layout.js';

/** The mailbox of development: the letters that would have been sent. */
export interface MailboxPage extends PageModel {
  readonly now: Instant;
  readonly letters: readonly {
    readonly to: string;
    readonly subject: string;
    readonly text: string;
    readonly at: Instant;
  }[];
}

/** Renders the letters, the latest first, with links that can be clicked. */
export function mailboxPage({ letters, now, base, language, look }: MailboxPage): PageDocument {
  const { say } = language;
  const title = say('mailbox.title');
  const content = html`<div class="heading"><div class="tight"><h1>${title}</h1>
<p class="lead">${say('mailbox.lead')}</p></div></div>
${letters.length === 0 && html`<div class="card"><p class="quiet">${say('mailbox.none')}</p></div>`}
${letters.map(
  ({ to, subject, text, at }) => html`<article class="card stack">
<div class="tight"><h2>${subject}</h2>
<p class="quiet">${say('mailbox.to', { address: to, ago: ago(language, at, now) })}</p></div>
<div>${withLinks(text)}</div>
</article>`,
)}`;
  return layout({ title, content, base, language, look });
}

const withLinks = (text: string): Html[] =>
  text
    .trim()
    .split('\n')
    .map((line) =>
      /^https?:\/\/\S+$/.test(line) ? html`<a href="${line}">${line}</a><br>` : html`${line}<br>`,
    );
