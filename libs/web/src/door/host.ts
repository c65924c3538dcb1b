const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Tells whether a Host header names a given host. */
export type HostCheck = (header: string | undefined) => boolean;

/**
 * Compares Host headers with the host of `address` in all spellings that mean the same (RFC 9110 §4.2.3): letter case, the default
 * port or an empty one, the dot of the root at the end of a name. The usual spelling costs one comparison.
 */
export function hostCheck(address: string, other: string = address): HostCheck {
  const isFirst = hostOf(address);
  if (new URL(other).host === new URL(address).host) return isFirst;
  const isOther = hostOf(other);
  return (header) => isFirst(header) || isOther(header);
}

function hostOf(address: string): HostCheck {
  const { host, protocol } = new URL(address);
  const defaultPort = defaultPorts[protocol];
  const only = canonicalHost(host, defaultPort);
  return (header) => header === host || (header !== undefined && canonicalHost(header, defaultPort) === only);
}

/** Lower-cased name and port without what may be left out; null for anything that is no host (RFC 9110 §7.2). */
function canonicalHost(header: string, defaultPort: string | undefined): string | null {
  const [, name, port = ''] = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,254})(?::(\d{0,5}))?$/i.exec(header) ?? [];
  if (name === undefined) return null;
  const isAddress = name.startsWith('[');
  if (isAddress && !URL.canParse(`http://${name}/`)) return null;
  const canonical = isAddress ? new URL(`http://${name}/`).hostname : name.toLowerCase().replace(/\.$/, '');
  return port === '' || port === defaultPort ? canonical : `${canonical}:${Number(port)}`;
}
