import type { ServerResponse } from 'node:http';
import { type PageDocument, pageHeaders } from '@curfew/pages';
import { pageScripts } from '../pages/index.js';

export interface Answer {
  readonly status?: number;
  /** Set where a form of the page leads to an application. */
  readonly leadsOut?: boolean;
  readonly retryAfter?: number | undefined;
  /** Further scripts of the page, as CSP source expressions. */
  readonly scripts?: readonly string[];
}

/** Sends a page with the headers every page has. */
export function sendPage(
  response: ServerResponse,
  { markup, language }: PageDocument,
  answer: Answer = {},
): void {
  const body = Buffer.from(markup);
  const headers = pageHeaders({
    language,
    leadsOut: answer.leadsOut ?? false,
    scripts: [...pageScripts, ...(answer.scripts ?? [])],
  });
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (answer.retryAfter !== undefined) response.setHeader('Retry-After', String(answer.retryAfter));
  response.statusCode = answer.status ?? 200;
  response.setHeader('Content-Length', String(body.length));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** RFC 9700 §4.12: after a form with credentials only 303, so that no browser sends them on. */
export function seeOther(response: ServerResponse, path: string): void {
  response.statusCode = 303;
  response.setHeader('Location', path);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', '0');
  response.end();
}
