import { isLoopback, isPrivateUseUri } from './uri-rules.js';

/** The longest address of a document that is taken for the id of a client. */
const longestAddress = 255;

/**
 * The host, with its port where it is not 443, of a client id that is the address of a document about the client; null for any other id
 * (draft-ietf-oauth-client-id-metadata-document §3). Only the normal form with a path and without query, fragment and credentials is one,
 * so that a document has one address, and a host one spelling.
 */
export const documentHost = (id: string): string | null => {
  if (id.length > longestAddress || !/^https:\/\/[\x21-\x7e]+$/.test(id) || !URL.canParse(id)) return null;
  const url = new URL(id);
  const isPlain = url.username === '' && url.password === '' && !/[?#]/.test(id);
  return isPlain && url.href === id && url.pathname !== '/' ? url.host : null;
};

/**
 * The text that stands in base64url behind `~` where a path names a thing: a gateway in front of the admin API refuses a path with the `//` of
 * an address. undefined where none does. One text has one such spelling (RFC 4648 §3.5).
 */
export function textInPath(named: string): string | undefined {
  if (!named.startsWith('~')) return undefined;
  const bytes = Buffer.from(named.slice(1), 'base64url');
  return bytes.toString('base64url') === named.slice(1) ? bytes.toString('utf8') : undefined;
}

/** The https address that a path names behind `~`. An id that was registered before such ids were refused may look the same. */
export const addressInPath = (named: string): string | undefined => {
  const text = textInPath(named);
  return text?.startsWith('https://') ? text : undefined;
};

/** Whether a text is a host as `documentHost` names it. */
export const isDocumentHost = (host: string): boolean => documentHost(`https://${host}/client`) === host;

/** Whether an answer at this redirect URI goes to the person's own device, where any program can wait for it (RFC 8252 §8.4 and §8.6). */
export const leadsToDevice = (redirectUri: string): boolean =>
  isPrivateUseUri(redirectUri) || (URL.canParse(redirectUri) && isLoopback(new URL(redirectUri)));
