const webAddress = /^(https?):\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d+))?((?:\/[^?#]*)?(?:\?[^#]*)?)$/i;

/**
 * The form in which two spellings of one resource indicator are the same text (RFC 3986 §6.2.2.1 and §6.2.3): scheme and host in lower
 * case, no default port, and no slash at the end of the path. Nothing else is equal: percent-encodings, dot segments and other notations
 * of a host stay as they are, and so does every URI that is no web address.
 */
export function normalResource(indicator: string): string {
  const [, scheme, host, port, rest] = webAddress.exec(indicator) ?? [];
  if (scheme === undefined || host === undefined || rest === undefined) return indicator;
  const lower = scheme.toLowerCase();
  const isDefault = port === undefined || port === (lower === 'https' ? '443' : '80');
  const path = rest.endsWith('/') && !rest.includes('?') ? rest.slice(0, -1) : rest;
  return `${lower}://${host.toLowerCase()}${isDefault ? '' : `:${port}`}${path}`;
}

/** The other audiences that a resource indicator may name, where none is spelled as it was sent, in the order of their likelihood. */
export function otherSpellings(indicator: string): readonly string[] {
  if (!webAddress.test(indicator)) return [];
  const normal = normalResource(indicator);
  const both = normal.includes('?') ? [normal] : [normal, `${normal}/`];
  return both.filter((spelling) => spelling !== indicator);
}
