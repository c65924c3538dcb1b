import { createHash } from 'node:crypto';
import { brandName, type Html, html, stylesheet } from '@curfew/pages';

type Json = Record<string, unknown>;

interface Content {
  readonly schema: Json;
  readonly example?: unknown;
}

interface DescribedAnswer {
  readonly description: string;
  readonly content?: Readonly<Record<string, Content>>;
}

type Problems = Readonly<Record<string, DescribedAnswer>>;

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: Json;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, DescribedAnswer | { readonly $ref: string }>>;
}

interface Document {
  readonly info: { readonly title: string; readonly summary: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly responses: Problems; readonly schemas: Readonly<Record<string, Json>> };
}

interface DocumentedOperation {
  readonly path: string;
  readonly method: string;
  readonly described: Described;
}

/**
 * The product's stylesheet, and the layout of this page: groups at the side, operations as cards. On a phone the list of operations is
 * closed until somebody opens it. Beside the content it is shown although it is closed, where a browser can do that; no script is needed.
 */
const style = `${stylesheet}
.reference{display:grid;grid-template-columns:minmax(11rem,16rem) minmax(0,1fr);gap:2.5rem;max-width:80rem;margin-inline:auto;padding:1.25rem}
.reference>main{max-width:none;margin:0;padding:0}
.reference .brand{padding:0 0 .75rem}
.reference nav ul{display:block}
.reference nav a{padding:.125rem 0;overflow-wrap:anywhere}
.reference nav summary{padding-block:.25rem;font-weight:600;cursor:pointer}
.reference nav li{padding-inline-start:1rem;font-size:.875rem}
.reference section{margin-block-start:2.5rem}
.reference article{margin-block-start:1rem;scroll-margin-top:1rem}
.method{text-transform:uppercase;font-weight:700;color:var(--accent)}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:start;font-weight:600}
th,td{text-align:start;vertical-align:top;padding:.375rem .75rem .375rem 0;border-block-start:1px solid var(--hairline)}
pre{margin:.375rem 0 0;padding:.875rem;border-radius:.625rem;background:var(--canvas);overflow:auto;max-height:30rem;white-space:pre-wrap}
article summary{cursor:pointer;color:var(--accent)}
@supports selector(::details-content){@media (min-width:60rem){.all>summary{display:none}.all::details-content{content-visibility:visible}}}
@media (max-width:60rem){.reference{grid-template-columns:minmax(0,1fr)}}
@media (min-width:60rem){.reference>nav{position:sticky;inset-block-start:0;align-self:start;max-height:100vh;overflow:auto;padding-block:.5rem}}
`;

/** The page may load its own style and nothing else. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The document as a page, grouped by tags: no script, nothing from anywhere else. */
export function documentPage(source: unknown): string {
  const document = source as Document;
  const { info, tags, components } = document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ path, method, described })),
  );
  const groups = tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ described }) => described.tags.includes(tag.name)),
  }));
  const sections = groups.map(
    ({ name, description, operations: own }) => html`<section aria-labelledby="${name}">
<h2 id="${name}">${name}</h2><p class="quiet">${withCode(description)}</p>
${own.map((one) => article(one, components.responses))}
</section>`,
  );
  const named = Object.entries(components.schemas).map(([name, schema]) => folded(html`${name}`, schema));
  const body = html`<a class="skip" href="#content">Skip to content</a>
<div class="reference">
<nav aria-label="Operations" tabindex="0"><div class="brand"><span class="name">${brandName}</span></div>
<details class="all"><summary>All operations</summary>${groups.map(groupLinks)}<p><a href="#schemas">Schemas</a></p></details></nav>
<main id="content" tabindex="-1"><h1>${info.title}</h1>
<p class="lead">${info.summary}</p><p>${withCode(info.description)}</p><p><a href="/v1/openapi.json">OpenAPI document</a></p>
${sections}
<section aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>${named}</section></main>
</div>`;
  // The stylesheet is ours and no markup; escaping would change it, and then its hash would not be the one that the policy names.
  return `<!doctype html><html lang="en" class="wide"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">${html`<title>${info.title} – Curfew</title>`}<style>${style}</style></head><body>${body}</body></html>`;
}

/** A text with what stands in backticks as code. */
const withCode = (text = ''): readonly (Html | string)[] =>
  text.split('`').map((part, i) => (i % 2 === 0 ? part : html`<code>${part}</code>`));

interface Group {
  readonly name: string;
  readonly operations: readonly DocumentedOperation[];
}

const groupLinks = ({ name, operations }: Group): Html => html`<details open><summary>${name}</summary><ul>
${operations.map(({ described: { operationId } }) => html`<li><a href="#${operationId}">${operationId}</a></li>`)}
</ul></details>`;

function article(operation: DocumentedOperation, problems: Problems): Html {
  const { path, method, described } = operation;
  const scope = described.security[0]?.['accessToken']?.[0];
  return html`<article class="card stack" id="${described.operationId}">
<div class="tight"><h3><span class="method">${method}</span> <code>${path}</code></h3>
<p><strong>${withCode(described.summary)}</strong> ${withCode(described.description)}</p>
<p class="small quiet">${described.operationId} · ${scope ? html`scope <code>${scope}</code>` : 'open'}</p></div>
<div><h4>Example</h4><pre tabindex="0" aria-label="Example of ${described.operationId}"><code>${exchange(operation)}</code></pre></div>
${parameters(described)}${requestBody(described)}${answers(described, problems)}
</article>`;
}

/** A request and its answer, as they go over the wire. */
function exchange({ path, method, described }: DocumentedOperation): string {
  const example = (place: string) =>
    described.parameters.filter((one) => one.in === place && one.example !== undefined);
  const address = example('path').reduce(
    (at, one) => at.replace(`{${one.name}}`, encodeURIComponent(String(one.example))),
    path,
  );
  const query = new URLSearchParams(
    example('query').map((one): [string, string] => [one.name, String(one.example)]),
  ).toString();
  const sent = described.requestBody?.content['application/json'];
  const lines = [
    `${method.toUpperCase()} ${address}${query && `?${query}`}`,
    ...(described.security.length > 0 ? ['Authorization: Bearer cfw_at_…'] : []),
    ...example('header').map((one) => `${one.name}: ${String(one.example)}`),
    ...(sent ? ['Content-Type: application/json', '', JSON.stringify(sent.example, null, 2)] : []),
  ];
  return [...lines, '', ...answered(described)].join('\n');
}

function answered({ responses }: Described): string[] {
  const [status = '200', answer] = Object.entries(responses).find(([code]) => Number(code) < 400) ?? [];
  const [mediaType, content] =
    Object.entries((answer as DescribedAnswer | undefined)?.content ?? {})[0] ?? [];
  if (content?.example === undefined) return [status];
  const text =
    typeof content.example === 'string' ? content.example : JSON.stringify(content.example, null, 2);
  return [status, `Content-Type: ${mediaType}`, '', text];
}

function parameters({ parameters: all }: Described): Html | false {
  const rows = all.map(
    ({ name, in: where, required, description, schema }) =>
      html`<tr><td><code>${name}</code></td><td>${where}${required && ', required'}</td><td>${withCode(description)} <code>${brief(schema)}</code></td></tr>`,
  );
  return (
    rows.length > 0 &&
    html`<table><caption>Parameters</caption><thead><tr><th scope="col">Name</th><th scope="col">Where</th><th scope="col">Meaning</th></tr></thead><tbody>${rows}</tbody></table>`
  );
}

function brief({ type, enum: choices, format, minimum, maximum, default: preset }: Json): string {
  const kind = Array.isArray(choices) ? choices.join(' | ') : [type, format].filter(Boolean).join(' ');
  const range = minimum === undefined ? '' : ` ${String(minimum)}–${String(maximum)}`;
  return `${kind}${range}${preset === undefined ? '' : ` = ${String(preset)}`}`;
}

const folded = (title: Html, schema: Json): Html =>
  html`<details><summary>${title}</summary><pre tabindex="0"><code>${JSON.stringify(schema, null, 2)}</code></pre></details>`;

function requestBody({ requestBody: sent }: Described): Html | undefined {
  const schema = sent?.content['application/json']?.schema;
  return schema && folded(html`Schema of the request body`, schema);
}

const answers = ({ responses }: Described, problems: Problems): readonly Html[] =>
  Object.entries(responses).map(([status, answer]) => {
    const { description, content } = '$ref' in answer ? problems[answer.$ref.split('/').at(-1)!]! : answer;
    const schema = Object.values(content ?? {})[0]?.schema;
    const told = html`<strong>${status}</strong> ${withCode(description)}`;
    return Number(status) < 300 && schema ? folded(told, schema) : html`<p>${told}</p>`;
  });
