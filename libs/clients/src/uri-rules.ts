import ipaddr from 'ipaddr.js';
import { isPublicAddress } from './public-address.js';

const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/** RFC 8252 §7.3 and §8.3: the machine itself, by address or, for convenience, by a name that is it (RFC 6761 §6.3). */
export const isLoopback = (url: URL): boolean => {
  const host = bareHost(url);
  return (
    /^([a-z0-9-]+\.)?localhost$/.test(host) ||
    (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback')
  );
};

const localName = /^(localhost|.*\.(localhost|local|internal|intranet|lan|home\.arpa))$/;

/** Whether a URL names a public host. Names are judged by their form only: code that fetches must judge the resolved address. */
export const namesPublicHost = (url: URL): boolean => {
  const host = bareHost(url).replace(/\.$/, '');
  if (ipaddr.isValid(host)) return isPublicAddress(host);
  return host.includes('.') && !localName.test(host);
};

const printable = /^[\x21-\x7e]+$/;
const longest = 2048;

/** Faults that no registered URI may have; each is a predicate of a sentence. */
const commonFault = (text: string): string | null => {
  if (text.length > longest) return `must have at most ${longest} characters`;
  if (!printable.test(text)) return 'must consist of printable ASCII characters';
  if (!URL.canParse(text)) return 'must be an absolute URI';
  const url = new URL(text);
  if (text.includes('#')) return 'must not have a fragment';
  if (url.username !== '' || url.password !== '') return 'must not contain a username or password';
  if (text.includes('*') || text.includes('\\')) return 'must not contain "*" or a backslash';
  return null;
};

/**
 * RFC 8252 §7.1: the scheme of an app is a domain name that its makers control, in reverse order. The dot keeps every scheme with a
 * meaning of its own out (`javascript`, `data`, `file`, `intent`), and every single word that another app may use as well (§8.4).
 */
const reverseDomain = /^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+:$/;

/** Whether a redirect URI has the scheme of an app (RFC 8252 §7.1). */
export const isPrivateUseUri = (text: string): boolean => {
  const scheme = /^([a-z][a-z0-9+.-]*:)/i.exec(text)?.[1];
  return scheme !== undefined && reverseDomain.test(scheme);
};

/**
 * The fault of a redirect URI, or null. RFC 9700 §2.1: compared exactly, so it is stored in its normal form only; RFC 8252 §7.1 and
 * §7.3: the scheme of an app, or plain http to the machine itself. A fragment is forbidden by RFC 6749 §3.1.2.
 */
export const redirectUriFault = (text: string): string | null => {
  const fault = commonFault(text);
  if (fault) return fault;
  const url = new URL(text);
  if (isPrivateUseUri(text)) return privateUseFault(url, text);
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
  if (!secure)
    return 'must use https, http to a loopback address, or the scheme of an app like com.example.app:/callback';
  if (url.href !== text && url.href !== `${text}/`) {
    return 'must be written in its normal form (lower-case host, no default port, no dot segments)';
  }
  return null;
};

const privateUseFault = (url: URL, text: string): string | null => {
  // The one slash of RFC 8252 §7.1, or the two and a name that most tools of mobile platforms write.
  const hasPath = url.pathname.startsWith('/') && !text.includes('://');
  if (url.host === '' && !hasPath)
    return 'must have a path after the scheme of an app, like com.example.app:/callback';
  return url.href === text ? null : 'must be written in its normal form (no dot segments)';
};

/** The fault of a URI this service will fetch or post to, or null. */
export const fetchedUriFault = (text: string, allowPrivate: boolean): string | null => {
  const fault = commonFault(text);
  if (fault) return fault;
  const url = new URL(text);
  if (allowPrivate && url.protocol === 'http:' && isLoopback(url)) return null;
  if (url.protocol !== 'https:') return 'must use https';
  if (!allowPrivate && !namesPublicHost(url)) return 'must name a public host';
  return null;
};

/** The fault of a URI that is shown to people as a link, or null. */
export const linkFault = (text: string): string | null => {
  const fault = commonFault(text.split('#')[0] ?? '');
  if (fault) return fault;
  const url = new URL(text);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)) ? null : 'must use https';
};

/** The fault of an API's audience, or null (RFC 8707 §2: an absolute URI without fragment). */
export const audienceFault = (text: string): string | null => {
  if (text.length > 512) return 'must have at most 512 characters';
  return commonFault(text);
};
