import { returnParameter } from './browser-client.js';

/** Characters of a return address; a longer one would make a cookie that browsers drop (RFC 6265 §6.1), so the way leads to `/`. */
const maxReturnAddress = 2_048;

/** The bytes that are no ASCII, which a header of a proxy may name and Node hands over as one character each, percent-encoded (RFC 3986 §2.1). */
const encodeBytes = (text: string): string =>
  text.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Path and query of a request to come back to, or `/` in place of one that is too long to be kept. Browsers send a query of any bytes; in
 * a header, in a cookie and in another query each of these would become something else, or several characters.
 */
export function returnAddress(wanted: string): string {
  const encoded = encodeBytes(wanted);
  return encoded.length > maxReturnAddress ? '/' : encoded;
}

/**
 * The path and query that the query of a sign-in address names, `/` where it names none. A page may have written its query with any
 * characters, which are UTF-8 (WHATWG URL, query state). A path is taken only as it stands: none that is read on has such characters.
 */
export function statedReturn(query: string): string {
  const stated = new URLSearchParams(query).get(returnParameter) ?? '/';
  return stated.replace(/\?.*$/s, (rest) => rest.replace(/[\u0080-\u{10ffff}]+/gu, encodeURIComponent));
}
