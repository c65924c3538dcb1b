// The place that a request comes from: the address of its client, the network of that, and what offline databases know of both.

import ipaddr from 'ipaddr.js';
import { open, type Reader, type Response } from 'maxmind';

/** Long enough for any IPv6 address with brackets, zone and port; anything longer is no address. */
const maxAddressLength = 80;

/**
 * The address of the client in canonical form, or null when it is not known. Each trusted hop is one proxy of our own:
 * it wrote the right-most entry that is still left in X-Forwarded-For, so everything left of the last trusted entry is
 * the client's own claim and is never believed. With zero trusted hops the header is not looked at.
 */
export const clientAddress = (
  socketAddress: string | undefined,
  forwardedFor: string | readonly string[] | undefined,
  trustedHops: number,
): string | null => {
  if (trustedHops <= 0) return canonicalAddress(socketAddress);
  const entries = rightmostEntries(forwardedFor, trustedHops);
  // Fewer entries than hops: the request entered behind the outermost proxy, and the left-most entry was still written by one of ours.
  const claimed = entries.at(-1);
  // An entry a proxy of ours wrote that is no address ("unknown") must not turn into the proxy's own address.
  return claimed === undefined ? canonicalAddress(socketAddress) : canonicalAddress(claimed);
};

/** The last `count` non-empty entries of the joined header, right-most first. */
const rightmostEntries = (header: string | readonly string[] | undefined, count: number): string[] => {
  // RFC 9110 §5.3: several field lines of one name are one list, in order.
  const joined = typeof header === 'string' ? header : (header ?? []).join(',');
  const entries: string[] = [];
  for (let end = joined.length; end > 0 && entries.length < count; ) {
    const comma = joined.lastIndexOf(',', end - 1);
    const entry = joined.slice(comma + 1, end).trim();
    if (entry !== '') entries.push(entry);
    end = comma;
  }
  return entries;
};

/** One address in canonical form: port, brackets, quotes and zone removed, IPv4-mapped IPv6 as IPv4; null for anything else. */
export const canonicalAddress = (text: string | undefined): string | null => {
  if (text === undefined || text.length > maxAddressLength) return null;
  const bare = withoutDecoration(text.trim());
  // Four decimal parts only: "127.1" and "0x7f.0.0.1" are accepted by some parsers and are a way to smuggle.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare).toString();
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return null;
  const address = ipaddr.IPv6.parse(bare);
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().toString();
  // RFC 5952 text; the zone names an interface of this host and says nothing about the client.
  return new ipaddr.IPv6(address.parts).toString();
};

const withoutDecoration = (text: string): string => {
  const unquoted = /^"(.*)"$/.exec(text)?.[1] ?? text;
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(unquoted)?.[1];
  if (bracketed !== undefined) return bracketed.includes(':') ? bracketed : '';
  return /^([\d.]+):\d{1,5}$/.exec(unquoted)?.[1] ?? unquoted;
};

/** The network a client usually stays in while it roams: /24 for IPv4, /64 for IPv6, null for what is no address. */
export const networkPrefix = (ip: string | null): string | null => {
  const canonical = canonicalAddress(ip ?? undefined);
  if (canonical === null) return null;
  const [kind, bits] = canonical.includes(':') ? [ipaddr.IPv6, 64] : [ipaddr.IPv4, 24];
  return `${kind.networkAddressFromCIDR(`${canonical}/${bits}`).toString()}/${bits}`;
};

/** Answers kept in memory per database; a working set of client networks is far smaller. */
const rememberedAnswers = 5000;

/** An address database in MMDB format, opened once; or the reason why there is none. */
export class OfflineDatabase {
  private constructor(
    private readonly reader: Reader<Response> | null,
    /** Why nothing can be looked up, in words without the path; null when it can. */
    readonly fault: string | null,
  ) {}

  /** Opens the file. A fault is kept, not thrown: it only matters where a policy needs the answer. */
  static async open(path: string | undefined): Promise<OfflineDatabase> {
    if (path === undefined || path === '') return new OfflineDatabase(null, 'is not set');
    try {
      return new OfflineDatabase(await open<Response>(path, { cache: { max: rememberedAnswers } }), null);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      return new OfflineDatabase(
        null,
        code === undefined
          ? 'names a file that is no MMDB database'
          : `names a file that cannot be read (${code})`,
      );
    }
  }

  /** The record of the network the address belongs to, or null. */
  lookup(ip: string | null): Readonly<Record<string, unknown>> | null {
    if (this.reader === null || ip === null) return null;
    try {
      return this.reader.get(ip) as Readonly<Record<string, unknown>> | null;
    } catch {
      // A damaged record: "not known" is never a difference, and a request must not fail because of it.
      return null;
    }
  }
}

/** The autonomous system number in a record of the common ASN databases (GeoLite2, DB-IP, IPinfo). */
export const asnOf = (record: Readonly<Record<string, unknown>> | null): number | null => {
  const value = record?.['autonomous_system_number'] ?? record?.['asn'];
  const number =
    typeof value === 'string' ? Number(/^(?:AS)?(\d{1,10})$/i.exec(value)?.[1] ?? Number.NaN) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : null;
};

/** The ISO 3166-1 alpha-2 code in a record of the common country and city databases. */
export const countryOf = (record: Readonly<Record<string, unknown>> | null): string | null => {
  const country = record?.['country'];
  const value =
    typeof country === 'object' && country !== null
      ? (country as Readonly<Record<string, unknown>>)['iso_code']
      : (record?.['country_code'] ?? country);
  return typeof value === 'string' && /^[A-Za-z]{2}$/.test(value) ? value.toUpperCase() : null;
};

const maxCityLength = 80;

/** The name of the city in a record of the common city databases, in this language or else in English. */
export const cityOf = (record: Readonly<Record<string, unknown>> | null, language: string): string | null => {
  const city = record?.['city'];
  const names = typeof city === 'object' ? (city as { readonly names?: unknown } | null)?.names : undefined;
  if (typeof names !== 'object' || names === null) return null;
  const known = names as Readonly<Record<string, unknown>>;
  const name = known[language] ?? known['en'];
  return typeof name === 'string' && name !== '' && name.length <= maxCityLength ? name : null;
};
