import type { IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';

/** A form whose every parameter was sent at most once. */
export type PlainForm = Readonly<Record<string, string>>;

/** Larger requests than any the fast lane has business with go the long way. */
const largest = 8 * 1024;

const plainType = /^application\/x-www-form-urlencoded(; ?charset=utf-8)?$/i;

/** Headers that change what the protocol does; a request with one of them is not plain. */
const notPlain = [
  'origin',
  'content-encoding',
  'transfer-encoding',
  'expect',
  'oauth-client-attestation',
  'oauth-client-attestation-pop',
] as const;

/** Whether a request can be understood without the library: a small form, answered in JSON, without attestations and without CORS. */
export function looksPlain({ method, headers }: IncomingMessage): boolean {
  if (method !== 'POST' || !plainType.test(headers['content-type'] ?? '')) return false;
  const length = Number(headers['content-length']);
  if (!(length > 0 && length <= largest)) return false;
  const { accept } = headers;
  if (accept !== undefined && accept !== '*/*' && accept !== 'application/json') return false;
  return notPlain.every((name) => headers[name] === undefined);
}

/** Bodies that were read and given back: the network has them no more. */
const givenBack = new WeakMap<IncomingMessage, Buffer>();

/** The body of a request that `looksPlain`, or undefined when it did not arrive as announced. */
export function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const known = givenBack.get(request);
  if (known) return Promise.resolve(known);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', () => resolve(undefined));
    request.once('aborted', () => resolve(undefined));
  });
}

/** The parameters, or undefined where one is repeated. Read as the library reads them; an empty one counts as absent (RFC 6749 §3.2). */
export function readForm(body: Buffer): PlainForm | undefined {
  const text = body.toString();
  // A byte order mark is part of the first name or not, depending on what the request says of its charset.
  if (text.startsWith('\ufeff')) return undefined;
  const parsed = parse(text);
  const form: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value !== 'string') return undefined;
    if (value !== '') form[name] = value;
  }
  return form;
}

/** Lets the library read a body that was read already, as if it came from the network (pinned by test/contract). */
export function giveBack(request: IncomingMessage, body: Buffer): void {
  givenBack.set(request, body);
  request.headers['content-length'] = String(body.length);
  Object.defineProperties(request, {
    readable: { value: true, configurable: true },
    iterator: { value: () => [body], configurable: true },
  });
}
