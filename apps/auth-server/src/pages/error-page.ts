import { html } from './html.js';
import { layout, type PageModel } from './layout.js';

/** A fault, as much of it as people need. */
export interface ErrorPage extends PageModel {
  readonly title: string;
  readonly message: string;
  /** Lets an operator find the cause in the log; the page itself never tells it. */
  readonly requestId?: string | undefined;
  /** Advice for the developer of the application; shown in development only. */
  readonly advice?: string | undefined;
}

/** A fault in plain words. Outside of development, nothing that was sent is repeated here and nothing of the inside is shown. */
export function errorPage(page: ErrorPage): string {
  const content = html`<div class="card stack">
<div class="tight">
<h1>${page.title}</h1>
<p class="lead">${page.message}</p>
</div>
${page.advice && html`<section class="group tight" aria-labelledby="advice"><h2 id="advice">For the developer of the application</h2><p><code>${page.advice}</code></p><p class="small quiet">This is shown in development only.</p></section>`}
${page.requestId && html`<p class="small quiet">If you ask for help, mention this number: <code>${page.requestId}</code></p>`}
</div>`;
  return layout({ title: page.title, content, failed: true, base: page.base });
}
