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
  const stated = statedSeconds(headers, now);
  return plus(now, seconds(Math.floor(Math.min(most, Math.max(least, stated)))));
}

/** A directive that says more (`no-cache="set-cookie"`) counts in full, and a number that is none as 0 (RFC 9111 §4.2.1). */
function statedSeconds(headers: Headers, now: Instant): number {
  const control = headers.get('cache-control') ?? '';
  // RFC 9111 §5.2.2.4 and §5.2.2.5: nothing is used again without asking.
  if (/(?:^|,)\s*no-(?:cache|store)\s*(?:[,=]|$)/i.test(control)) return 0;
  // RFC 9111 §5.3: beside max-age, Expires means nothing.
  const maxAge = /(?:^|,)\s*max-age\s*=\s*"?(\d*)/i.exec(control)?.[1];
  if (maxAge !== undefined) return Number(maxAge);
  const expires = Date.parse(headers.get('expires') ?? '');
  return Number.isNaN(expires) ? 0 : (expires - now) / 1000;
}

/** The bytes of a body, of which no more than this is read. @throws DocumentTooLarge */
export async function limitedBytes({ body }: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new DocumentTooLarge('the document is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The text of such a body. @throws DocumentTooLarge */
export async function limitedText(response: Response, maxBytes: number): Promise<string> {
  return (await limitedBytes(response, maxBytes)).toString('utf8');
}
