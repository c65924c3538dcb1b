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

/** Whether a text is a host as `documentHost` names it. */
export const isDocumentHost = (host: string): boolean => documentHost(`https://${host}/client`) === host;

/** Whether an answer at this redirect URI goes to the person's own device, where any program can wait for it (RFC 8252 §8.4 and §8.6). */
export const leadsToDevice = (redirectUri: string): boolean =>
  isPrivateUseUri(redirectUri) || (URL.canParse(redirectUri) && isLoopback(new URL(redirectUri)));
