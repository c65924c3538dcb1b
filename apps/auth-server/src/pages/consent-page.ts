import { type Html, html, type Language, type PageDocument, scopeInWords } from '@curfew/pages';
import { hidden, layout, logoOf, type PageModel } from './layout.js';
import { sentOnce } from './sent-once.js';

/** The consent page: the application and the access it asks for. */
export interface ConsentPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly clientName: string;
  /** The host of the redirect URI, e.g. `app.example.com`: the part of an application's identity it cannot choose freely. */
  readonly returnsTo?: string | undefined;
  /** Present where a document introduced the application: nobody has checked what it says. */
  readonly introducedBy?: Introduction | undefined;
  readonly username?: string | undefined;
  /** Scopes about the person; `openid` among them. */
  readonly personal: readonly ConsentItem[];
  /** Single claims asked for beyond the scopes. */
  readonly claims: readonly ConsentItem[];
  readonly resources: readonly ConsentResource[];
}

/** The document that introduced an application. */
export interface Introduction {
  readonly host: string;
  /** The redirect URI of this request. */
  readonly redirectUri?: string | undefined;
  /** Whether the answer to this request goes to the person's own device. */
  readonly isOfDevice: boolean;
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
export function consentPage(page: ConsentPage): PageDocument {
  const { language, base } = page;
  const { say } = language;
  const title = say('consent.title', { application: page.clientName });
  const personal = page.personal.map(({ name, before }) =>
    line(language, html`${scopeInWords(language, name) ?? name}`, before),
  );
  const claims = page.claims.map(({ name, before }) =>
    line(language, say('consent.claim', { claim: name.replaceAll('_', ' ') }), before),
  );
  const content = html`<div class="card stack">
${logoOf(page)}
<div class="tight">
<h1>${title}</h1>
<p class="lead">${asks(page)}</p>
</div>
${page.introducedBy && introduction(page.language, page.introducedBy)}
${
  personal.length + claims.length > 0 &&
  html`<section class="group tight" aria-labelledby="about-you"><h2 id="about-you">${say('consent.about_you')}</h2>${granted([...personal, ...claims])}</section>`
}
${page.resources.map((resource, index) => resourceSection(language, resource, index))}
${page.returnsTo && html`<p class="small quiet">${say('consent.returns', { host: html`<strong>${page.returnsTo}</strong>` })}</p>`}
<form method="post" action="${page.action}" class="actions">
${hidden('csrf', page.csrf)}
<button class="plain" name="decision" value="deny">${say('consent.deny')}</button>
<button name="decision" value="allow">${say('consent.allow')}</button>
</form>
</div>
${sentOnce}`;
  return layout({ title, content, base, language, look: page.look });
}

function introduction({ say }: Language, { host, redirectUri, isOfDevice }: Introduction): Html {
  return html`<section class="notice tight">
<p>${say('consent.introduced', { host: html`<strong>${host}</strong>` })}</p>
${redirectUri && html`<p>${say('consent.answer_goes_to', { address: html`<strong>${redirectUri}</strong>` })}</p>`}
${isOfDevice && html`<p><strong>${say('consent.this_device')}</strong></p>`}
</section>`;
}

function asks({ clientName, username, language: { say } }: ConsentPage): Html {
  const application = html`<strong>${clientName}</strong>`;
  return username
    ? say('consent.asks_of', { application, username: html`<strong>${username}</strong>` })
    : say('consent.asks', { application });
}

function resourceSection(language: Language, resource: ConsentResource, index: number): Html {
  const lines = resource.scopes.map(({ name: scope, before }) => {
    const words = scopeInWords(language, scope);
    const named = words ? html`${words} <code class="quiet">${scope}</code>` : html`<code>${scope}</code>`;
    return line(language, named, before);
  });
  return html`<section class="group tight" aria-labelledby="resource-${index}">
<h2 id="resource-${index}">${language.say('consent.at', { api: resource.name })}</h2>
${resource.name !== resource.audience && html`<p class="small quiet">${resource.audience}</p>`}
${granted(lines)}
</section>`;
}

/** An item of the list; allowing grants all items, and those allowed before are marked. */
const line = ({ say }: Language, words: Html, before: boolean): Html =>
  html`${words}${before && html` <span class="small quiet">${say('consent.before')}</span>`}`;

const tick = html`<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m4 10.5 4 4 8-9"/></svg>`;

const granted = (lines: readonly Html[]): Html =>
  html`<ul class="scopes">${lines.map((line) => html`<li>${tick}<span>${line}</span></li>`)}</ul>`;
