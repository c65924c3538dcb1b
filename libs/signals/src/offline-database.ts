import { open, type Reader, type Response } from 'maxmind';

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
