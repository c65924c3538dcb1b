import type { IncomingMessage } from 'node:http';
import { readBody } from '@curfew/web';
import { malformed, PageError } from './page-error.js';

/** The fields of a form a browser sent. */
export type Form = ReadonlyMap<string, string>;

const maxFields = 50;

/**
 * Reads an `application/x-www-form-urlencoded` body of at most `limit` bytes, and nothing else: no JSON, no multipart (what is
 * compressed is refused at the door). A field sent twice, a NUL (PostgreSQL cannot store it) or broken UTF-8 makes the form unreadable.
 */
export async function readForm(request: IncomingMessage, limit: number): Promise<Form> {
  refuseOtherTypes(request);
  const body = await readBody(request, limit);
  if (!body) throw new PageError(413, 'content_too_large');
  const fields = new URLSearchParams(decode(body));
  const form = new Map<string, string>();
  for (const [name, value] of fields) {
    const damaged = /[\0\uFFFD]/.test(name) || /[\0\uFFFD]/.test(value);
    if (damaged || form.has(name) || form.size >= maxFields) throw malformed();
    form.set(name, value);
  }
  return form;
}

function refuseOtherTypes({ headers }: IncomingMessage): void {
  const [type, ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charsets = parameters.map((parameter) => parameter.trim()).filter((p) => p.startsWith('charset='));
  const readable =
    type!.trim() === 'application/x-www-form-urlencoded' &&
    charsets.every((charset) => /^charset="?utf-8"?$/.test(charset));
  if (!readable) throw new PageError(415, 'unsupported_media_type');
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformed();
  }
}
