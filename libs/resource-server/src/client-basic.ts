/**
 * The `Authorization` header of a client that proves itself by its secret. Both parts are form-encoded before they are joined, so that a
 * colon, a percent sign or a letter beyond ASCII in one of them reads as what it is (RFC 6749 §2.3.1).
 */
export function clientBasic(clientId: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')}`;
}

/** As application/x-www-form-urlencoded writes a text. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
