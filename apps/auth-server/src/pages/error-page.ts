import { html } from './html.js';
import { layout, type PageModel } from './layout.js';

/** A fault, as much of it as people need. */
export interface ErrorPage extends PageModel {
  readonly title: string;
  readonly message: string;
  /** Lets an operator find the cause in the log; the page itself never tells it. */
  readonly requestId?: string | undefined;
}

/** A fault in plain words. What was sent is never repeated here, and nothing of the inside is shown. */
export function errorPage(page: ErrorPage): string {
  const content = html`<div class="card stack">
<div class="tight">
<h1>${page.title}</h1>
<p class="lead">${page.message}</p>
</div>
${page.requestId && html`<p class="small quiet">If you ask for help, mention this number: <code>${page.requestId}</code></p>`}
</div>`;
  return layout({ title: page.title, content, failed: true, base: page.base });
}
