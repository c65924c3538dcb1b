import { type Instant, plus, seconds } from '@curfew/session-policy';

/** A document that was fetched is too large. */
export class DocumentTooLarge extends Error {
  override readonly name = 'DocumentTooLarge';
}

/** Until when a fetched document may be kept by its headers (RFC 9111 §5.2, §5.3), within bounds in seconds. */
export function freshUntil(
  headers: Headers,
  now: Instant,
  { least, most }: { readonly least: number; readonly most: number },
): Instant {
  const maxAge = /max-age=(\d+)/.exec(headers.get('cache-control') ?? '')?.[1];
  const expires = Date.parse(headers.get('expires') ?? '');
  const stated = [Number(maxAge ?? 0), Number.isNaN(expires) ? 0 : (expires - now) / 1000];
  return plus(now, seconds(Math.floor(Math.min(most, Math.max(least, ...stated)))));
}

/** The text of a body, of which no more than this is read. @throws DocumentTooLarge */
export async function limitedText({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new DocumentTooLarge('the document is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
