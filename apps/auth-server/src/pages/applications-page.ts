import { ago, type Html, html, type PageDocument, scopeInWords } from '@curfew/pages';
import type { Instant } from '@curfew/session-policy';
import { goodNotice, hidden, layout, type PageModel } from './layout.js';

/** The list of applications with consent. */
export interface ApplicationsPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly now: Instant;
  readonly applications: readonly ApplicationEntry[];
  readonly withdrawn: boolean;
}

/** One application and what it was allowed. */
export interface ApplicationEntry {
  readonly clientId: string;
  readonly clientName: string;
  readonly grantedAt: Instant;
  readonly scopes: readonly string[];
  readonly resources: readonly { readonly name: string; readonly scopes: readonly string[] }[];
}

/** Which applications were allowed what; taking it back ends their sessions (OWASP ASVS 10.7.3). */
export function applicationsPage(page: ApplicationsPage): PageDocument {
  const { language, base } = page;
  const { say } = language;
  const title = say('applications.title');
  const content = html`<div class="heading">
<div class="tight"><h1>${title}</h1>
<p class="lead">${say('applications.lead')}</p></div>
</div>
<div class="stack">
${page.withdrawn && goodNotice(say('applications.withdrawn'))}
${page.applications.length === 0 && html`<p class="card">${say('applications.none')}</p>`}
<ul class="stack">${page.applications.map((application, index) => html`<li>${card(application, index, page)}</li>`)}</ul>
</div>`;
  return layout({ title, content, navigation: 'applications', base, language, look: page.look });
}

function card(application: ApplicationEntry, index: number, page: ApplicationsPage): Html {
  const { language, now } = page;
  const { say } = language;
  const name = `application-${index}`;
  const inWords = (scope: string) => scopeInWords(language, scope) ?? scope;
  const lines = [
    ...application.scopes.map(inWords),
    ...application.resources.flatMap(({ name: api, scopes }) =>
      scopes.map((scope) => say('applications.at', { access: inWords(scope), api })),
    ),
  ];
  return html`<article class="card session" aria-labelledby="${name}">
<div>
<header><h2 id="${name}">${application.clientName}</h2></header>
<dl class="facts"><dt>${say('applications.allowed')}</dt><dd>${ago(language, application.grantedAt, now)}</dd>
<dt>${say('applications.can')}</dt><dd><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></dd></dl>
</div>
<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="ending compact" name="withdraw" value="${application.clientId}" aria-describedby="${name}">${say('applications.withdraw')}</button>
</form>
</article>`;
}
