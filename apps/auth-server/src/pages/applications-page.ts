import type { Instant } from '@curfew/session-policy';
import { type Html, html } from './html.js';
import { goodNotice, hidden, layout, type PageModel } from './layout.js';
import { scopeInWords } from './scope-words.js';
import { ago } from './time-words.js';

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
export function applicationsPage(page: ApplicationsPage): string {
  const content = html`<div class="heading">
<div class="tight"><h1>Applications</h1>
<p class="lead">These applications can access your account. You won’t be asked again while an application is listed here.</p></div>
</div>
<div class="stack">
${page.withdrawn && goodNotice('Access removed. The application must ask you again.')}
${page.applications.length === 0 && html`<p class="card">No application has access to your account.</p>`}
<ul class="stack">${page.applications.map((application, index) => html`<li>${card(application, index, page)}</li>`)}</ul>
</div>`;
  return layout({ title: 'Applications', content, navigation: 'applications', base: page.base });
}

function card(application: ApplicationEntry, index: number, page: ApplicationsPage): Html {
  const name = `application-${index}`;
  const lines = [
    ...application.scopes.map(scopeInWords),
    ...application.resources.flatMap(({ name: api, scopes }) =>
      scopes.map((scope) => `${scopeInWords(scope)} (${api})`),
    ),
  ];
  return html`<article class="card session" aria-labelledby="${name}">
<div>
<header><h2 id="${name}">${application.clientName}</h2></header>
<dl class="facts"><dt>Allowed</dt><dd>${ago(application.grantedAt, page.now)}</dd>
<dt>It can</dt><dd><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></dd></dl>
</div>
<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="ending compact" name="withdraw" value="${application.clientId}" aria-describedby="${name}">Remove access</button>
</form>
</article>`;
}
