/** A text in base64url behind `~`: a gateway refuses a path with the `//` of an address. It is ASCII (RFC 3986 §2). */
export const inPath = (text: string): string =>
  `~${btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;

/** The id of an application in a path; one that a document introduced is the address of that document. */
export const clientInPath = (id: string): string => (id.startsWith('https://') ? inPath(id) : id);

/** The address of an application in the console: an id that itself begins with `~` is written in base64url, too, so that it is read as it is. */
export const clientInAddress = (id: string): string => (/^(?:https:\/\/|~)/.test(id) ? inPath(id) : id);

/** The id of an application that stands in an address of the console. */
export function clientFromAddress(named: string): string {
  if (!named.startsWith('~')) return named;
  try {
    const id = atob(named.slice(1).replaceAll('-', '+').replaceAll('_', '/'));
    return clientInAddress(id) === named ? id : named;
  } catch {
    return named;
  }
}
