import { createHash } from 'node:crypto';

type Json = Record<string, unknown>;

interface DescribedAnswer {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: Json }>>;
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
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> };
  readonly responses: Readonly<Record<string, DescribedAnswer | { readonly $ref: string }>>;
}

interface Document {
  readonly info: { readonly title: string; readonly summary: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly responses: Problems; readonly schemas: Readonly<Record<string, Json>> };
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const style = `
:root { color-scheme: light dark; --line: light-dark(#d0d4da, #3a3f47); --soft: light-dark(#f4f5f7, #1c1f24); --strong: light-dark(#174ea6, #8ab4f8); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
nav ul { columns: 3 14rem; padding-left: 1.2rem; }
a { color: var(--strong); }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .25rem 1rem 1rem; margin: 1rem 0; }
h3 code { font-size: 1rem; overflow-wrap: anywhere; }
.method { text-transform: uppercase; font-weight: 700; color: var(--strong); }
.scope { background: var(--soft); border-radius: .25rem; padding: .1rem .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line); }
pre { background: var(--soft); padding: .75rem; border-radius: .5rem; overflow: auto; max-height: 30rem; }
summary { cursor: pointer; }
`;

/** The page may load its own style and nothing else. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The document as a page: no script, nothing from anywhere else. */
export function documentPage(source: unknown): string {
  const document = source as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ path, method, described })),
  );
  const sections = document.tags.map(({ name, description }) => {
    const own = operations.filter(({ described }) => described.tags.includes(name));
    return `<section><h2 id="${name}">${name}</h2><p>${escaped(description)}</p>${own.map((one) => article(one, document.components.responses)).join('')}</section>`;
  });
  const named = Object.entries(document.components.schemas).map(([name, schema]) => schemaOf(name, schema));
  const index = operations
    .map(({ described }) => `<li><a href="#${described.operationId}">${described.operationId}</a></li>`)
    .join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(document.info.title)}</title><style>${style}</style></head><body><header><h1>${escaped(document.info.title)}</h1>
<p>${escaped(document.info.summary)}</p><p>${escaped(document.info.description)}</p><p><a href="/v1/openapi.json">OpenAPI document</a></p></header>
<nav aria-label="Operations"><ul>${index}</ul></nav><main>${sections.join('')}<section><h2 id="schemas">schemas</h2>${named.join('')}</section></main></body></html>`;
}

function article(
  {
    path,
    method,
    described,
  }: {
    path: string;
    method: string;
    described: Described;
  },
  problems: Problems,
): string {
  const scope = described.security[0]?.['accessToken']?.[0];
  return `<article id="${described.operationId}"><h3><span class="method">${method}</span> <code>${escaped(path)}</code></h3>
<p><strong>${escaped(described.summary)}</strong>${described.description ? ` ${escaped(described.description)}` : ''}</p>
<p>${scope ? `Scope <code class="scope">${escaped(scope)}</code>` : 'Open.'}</p>${parameters(described)}${body(described)}${answers(described, problems)}</article>`;
}

function parameters({ parameters: all }: Described): string {
  if (all.length === 0) return '';
  const rows = all.map(
    ({ name, in: where, required, description = '', schema }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${where}${required ? ', required' : ''}</td><td>${escaped(description)} <code>${escaped(brief(schema))}</code></td></tr>`,
  );
  return `<table><caption>Parameters</caption><thead><tr><th scope="col">Name</th><th scope="col">Where</th><th scope="col">Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function brief({ type, enum: choices, format, minimum, maximum, default: preset }: Json): string {
  const kind = Array.isArray(choices) ? choices.join(' | ') : [type, format].filter(Boolean).join(' ');
  const range = minimum === undefined ? '' : ` ${String(minimum)}–${String(maximum)}`;
  return `${kind}${range}${preset === undefined ? '' : ` = ${String(preset)}`}`;
}

const schemaOf = (title: string, schema: Json): string =>
  `<details><summary>${title}</summary><pre>${escaped(JSON.stringify(schema, null, 2))}</pre></details>`;

function body({ requestBody }: Described): string {
  const schema = requestBody?.content['application/json']?.schema;
  return schema ? schemaOf('Request body', schema) : '';
}

function answers({ responses }: Described, problems: Problems): string {
  return Object.entries(responses)
    .map(([status, answer]) => {
      const { description, content } = '$ref' in answer ? problems[answer.$ref.split('/').at(-1)!]! : answer;
      const schema = Object.values(content ?? {})[0]?.schema;
      const told = `<strong>${status}</strong> ${escaped(description)}`;
      return Number(status) < 300 && schema ? schemaOf(told, schema) : `<p>${told}</p>`;
    })
    .join('');
}
