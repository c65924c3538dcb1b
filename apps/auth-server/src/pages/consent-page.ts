import { type Html, html } from './html.js';
import { hidden, layout, type PageModel } from './layout.js';
import { scopeInWords } from './scope-words.js';
import { sentOnce } from './sent-once.js';

/** The consent page: the application and the access it asks for. */
export interface ConsentPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly clientName: string;
  /** The host of the redirect URI, e.g. `app.example.com`: the part of an application's identity it cannot choose freely. */
  readonly returnsTo?: string | undefined;
  readonly username?: string | undefined;
  /** Scopes about the person; `openid` among them. */
  readonly personal: readonly ConsentItem[];
  /** Single claims asked for beyond the scopes. */
  readonly claims: readonly ConsentItem[];
  readonly resources: readonly ConsentResource[];
}

/** One scope or claim that is granted by allowing. */
export interface ConsentItem {
  readonly name: string;
  /** Whether the person allowed it before. */
  readonly before: boolean;
}

/** The access asked for at one API. */
export interface ConsentResource {
  readonly name: string;
  readonly audience: string;
  readonly scopes: readonly ConsentItem[];
}

/** Renders the consent page, with buttons to allow and to deny. */
export function consentPage(page: ConsentPage): string {
  const personal = page.personal.map(({ name, before }) => line(html`${scopeInWords(name)}`, before));
  const claims = page.claims.map(({ name, before }) =>
    line(html`See your ${name.replaceAll('_', ' ')}`, before),
  );
  const content = html`<div class="card stack">
<div class="tight">
<h1>Allow ${page.clientName}?</h1>
<p class="lead"><strong>${page.clientName}</strong> asks for access to your account${page.username && html` <strong>${page.username}</strong>`}.</p>
</div>
${
  personal.length + claims.length > 0 &&
  html`<section class="group tight" aria-labelledby="about-you"><h2 id="about-you">About you, it can</h2>${granted([...personal, ...claims])}</section>`
}
${page.resources.map(resourceSection)}
${page.returnsTo && html`<p class="small quiet">You will return to <strong>${page.returnsTo}</strong>. If you did not come from there, choose Deny.</p>`}
<form method="post" action="${page.action}" class="actions">
${hidden('csrf', page.csrf)}
<button class="plain" name="decision" value="deny">Deny</button>
<button name="decision" value="allow">Allow</button>
</form>
</div>
${sentOnce}`;
  return layout({ title: `Allow ${page.clientName}?`, content });
}

function resourceSection(resource: ConsentResource, index: number): Html {
  const lines = resource.scopes.map(({ name: scope, before }) => {
    const words = scopeInWords(scope);
    const named =
      words === scope ? html`<code>${scope}</code>` : html`${words} <code class="quiet">${scope}</code>`;
    return line(named, before);
  });
  return html`<section class="group tight" aria-labelledby="resource-${index}">
<h2 id="resource-${index}">At ${resource.name}, it can</h2>
${resource.name !== resource.audience && html`<p class="small quiet">${resource.audience}</p>`}
${granted(lines)}
</section>`;
}

/** An item of the list; allowing grants all items, and those allowed before are marked. */
const line = (words: Html, before: boolean): Html =>
  html`${words}${before && html` <span class="small quiet">(allowed before)</span>`}`;

const tick = html`<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m4 10.5 4 4 8-9"/></svg>`;

const granted = (lines: readonly Html[]): Html =>
  html`<ul class="scopes">${lines.map((line) => html`<li>${tick}<span>${line}</span></li>`)}</ul>`;
