import type { IncomingMessage, ServerResponse } from 'node:http';
import { html, languageFor, type PlainKey, pageDocument, pageHeaders } from '@curfew/pages';
import { ownFolder } from './browser-client.js';

/** The reasons for which a person sees a page of the gateway's own, with the status and the words of each. */
const kinds = {
  unknown: [400, 'gateway.unknown', 'gateway.unknown_lead'],
  refused: [403, 'gateway.refused', 'gateway.refused_lead'],
  second_step: [403, 'gateway.second_step', 'gateway.second_step_lead'],
  code_refused: [403, 'gateway.failed', 'gateway.failed_lead'],
  unavailable: [503, 'gateway.failed', 'gateway.failed_lead'],
  forgeable: [403, 'gateway.forgeable', 'gateway.forgeable_lead'],
  sign_out_failed: [503, 'gateway.sign_out_failed', 'gateway.sign_out_failed_lead'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: PlainKey, lead: PlainKey]>>;

/** A page of the gateway's own. */
export interface OwnPage {
  readonly kind: keyof typeof kinds;
  /** The address at which the person may try again. */
  readonly next: string;
  readonly cookies?: readonly string[];
  /** The address at which the person first gets what is missing. */
  readonly first?: string;
}

/** Tells a person in their language why they are not where they wanted to be, and how they go on. */
export function sendOwnPage(
  request: IncomingMessage,
  response: ServerResponse,
  { kind, next, cookies = [], first }: OwnPage,
): void {
  const language = languageFor(request);
  const { say } = language;
  const [status, heading, lead] = kinds[kind];
  const title = say(heading);
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead">${say(lead)}</p>
</div>
${first && html`<p><a class="button full" href="${first}">${say('gateway.second_step_set_up')}</a></p>`}
<p><a href="${next}">${say('gateway.again')}</a></p>
</div>`;
  const { markup } = pageDocument({ language, base: ownFolder, title, content, failed: true });
  for (const [name, value] of Object.entries(pageHeaders({ language: language.tag })))
    response.setHeader(name, value);
  if (cookies.length > 0) response.setHeader('Set-Cookie', [...cookies]);
  response.writeHead(status).end(markup);
}
