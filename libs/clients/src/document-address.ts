// The address of a document about a client, as a path names it.

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
