// Reads the signals of a request: its place, its browser and system, its device, and the fingerprint of its connection.

import type { RequestSignals, SessionPolicy } from '@curfew/session-policy';
import Bowser from 'bowser';
import { LRUCache } from 'lru-cache';
import { asnOf, cityOf, clientAddress, countryOf, networkPrefix, OfflineDatabase } from './client-address.js';

/** The parts of a User-Agent that are kept: names without versions, so that an update of browser or system makes no difference. */
export interface UserAgent {
  readonly family: string | null;
  readonly operatingSystem: string | null;
}

const unknownUserAgent: UserAgent = { family: null, operatingSystem: null };
/** Real ones are under 300 characters; the bound keeps pattern matching and the cache cheap for hostile ones. */
const maxUserAgentLength = 512;
const maxNameLength = 64;

/** Reads User-Agent headers and remembers the last few thousand different ones. */
export class UserAgentReader {
  private readonly known: LRUCache<string, UserAgent>;

  constructor(remembered = 2000) {
    this.known = new LRUCache({ max: remembered });
  }

  read(header: string | undefined): UserAgent {
    const text = header?.slice(0, maxUserAgentLength).trim();
    if (text === undefined || text === '') return unknownUserAgent;
    const remembered = this.known.get(text);
    if (remembered !== undefined) return remembered;
    const parsed = parse(text);
    this.known.set(text, parsed);
    return parsed;
  }
}

const parse = (text: string): UserAgent => {
  const { browser, os } = Bowser.parse(text);
  // HTTP libraries and apps ("okhttp/4.12", "Orders/3.1 CFNetwork") name themselves in the first product token (RFC 9110 §10.1.5).
  const product = /^([\w.!#$&'*+^`|~-]+)(?:\/|\s|$)/.exec(text)?.[1];
  return { family: name(browser.name) ?? name(product), operatingSystem: name(os.name) };
};

const name = (text: string | undefined): string | null => {
  const trimmed = text?.trim().slice(0, maxNameLength) ?? '';
  return trimmed === '' ? null : trimmed;
};

/** The headers and files that signals are read from. Each is off unless it is named here. */
export interface SignalsOptions {
  /** How many proxies of our own stand in front, each adding one X-Forwarded-For entry; 0 believes no header. */
  readonly trustedHops: number;
  /** Request header in which a client may send an identifier of its device. */
  readonly deviceIdHeader?: string | undefined;
  /** Request parameter with the same meaning, used where the header is absent. */
  readonly deviceIdParameter?: string | undefined;
  /** Header in which the nearest trusted proxy reports a TLS fingerprint (JA3, JA4); needs at least one trusted hop. */
  readonly tlsFingerprintHeader?: string | undefined;
  /** Path of an MMDB file that knows autonomous system numbers. */
  readonly asnDatabase?: string | undefined;
  /** Path of an MMDB file that knows countries. */
  readonly countryDatabase?: string | undefined;
}

/** The parts of a request that carry signals; `headers` with lower-case names, as node:http gives them. */
export interface SignalSource {
  readonly socketAddress: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
}

/** A setting is missing or faulty that a signal needs; names settings, never their values. */
export class SignalsConfigurationError extends Error {
  override readonly name = 'SignalsConfigurationError';
  readonly code = 'signals_configuration';
}

const maxDeviceIdLength = 256;
const maxFingerprintLength = 512;

/** Turns a request into the signals risk is assessed by. Reads only; decides nothing. */
export class SignalsReader {
  private readonly userAgents = new UserAgentReader();

  private constructor(
    private readonly options: SignalsOptions,
    private readonly asnDatabase: OfflineDatabase,
    private readonly countryDatabase: OfflineDatabase,
  ) {}

  /**
   * Opens the databases that are named and checks the options.
   * Throws SignalsConfigurationError for options that contradict each other; an unreadable database is reported by `requireFor`.
   */
  static async open(options: SignalsOptions): Promise<SignalsReader> {
    if (!Number.isSafeInteger(options.trustedHops) || options.trustedHops < 0) {
      throw new SignalsConfigurationError('CURFEW_TRUSTED_HOPS must be a whole number, 0 or more');
    }
    if (options.tlsFingerprintHeader !== undefined && options.trustedHops === 0) {
      throw new SignalsConfigurationError(
        'CURFEW_TLS_FINGERPRINT_HEADER needs CURFEW_TRUSTED_HOPS above 0: without a proxy anyone could set it',
      );
    }
    const [asn, country] = await Promise.all([
      OfflineDatabase.open(options.asnDatabase),
      OfflineDatabase.open(options.countryDatabase),
    ]);
    return new SignalsReader(lowerCased(options), asn, country);
  }

  /** Which of the signals that need a database can be read. */
  get provides(): { readonly asn: boolean; readonly country: boolean } {
    return { asn: this.asnDatabase.fault === null, country: this.countryDatabase.fault === null };
  }

  /** Names and reasons of databases that are configured but unusable, for a warning at start. */
  get faults(): readonly string[] {
    const named: [string, string | undefined, OfflineDatabase][] = [
      ['CURFEW_MAXMIND_ASN', this.options.asnDatabase, this.asnDatabase],
      ['CURFEW_MAXMIND_COUNTRY', this.options.countryDatabase, this.countryDatabase],
    ];
    return named.flatMap(([setting, path, { fault }]) =>
      path && fault !== null ? [`${setting} ${fault}`] : [],
    );
  }

  /** Throws SignalsConfigurationError when the policy reacts to a signal this installation cannot read. */
  requireFor(policy: Pick<SessionPolicy, 'ipChange' | 'ipGranularity'>): void {
    if (policy.ipChange === 'off') return;
    if (policy.ipGranularity === 'asn') demand('asn', 'CURFEW_MAXMIND_ASN', this.asnDatabase);
    if (policy.ipGranularity === 'country') demand('country', 'CURFEW_MAXMIND_COUNTRY', this.countryDatabase);
  }

  /** The address throttling and logs use: the same hop rule as `read`. */
  address(source: SignalSource): string | null {
    return clientAddress(source.socketAddress, source.headers['x-forwarded-for'], this.options.trustedHops);
  }

  /** The city of an address for people to read, where the country database knows cities. It is no signal, and is not kept. */
  city(ip: string | null, language: string): string | null {
    return cityOf(this.countryDatabase.lookup(ip), language);
  }

  /** Every signal of the request; an unknown, malformed or overlong one is null. */
  read(source: SignalSource): RequestSignals {
    const ip = this.address(source);
    const agent = this.userAgents.read(last(source.headers['user-agent']));
    return {
      ip,
      prefix: networkPrefix(ip),
      asn: asnOf(this.asnDatabase.lookup(ip)),
      country: countryOf(this.countryDatabase.lookup(ip)),
      userAgentFamily: agent.family,
      operatingSystem: agent.operatingSystem,
      deviceId: this.deviceId(source),
      tlsFingerprint: this.tlsFingerprint(source),
    };
  }

  private deviceId({ headers, parameters }: SignalSource): string | null {
    const { deviceIdHeader, deviceIdParameter } = this.options;
    const header = deviceIdHeader === undefined ? undefined : headers[deviceIdHeader];
    const parameter = deviceIdParameter === undefined ? undefined : parameters?.[deviceIdParameter];
    return printable(header, maxDeviceIdLength) ?? printable(parameter, maxDeviceIdLength);
  }

  private tlsFingerprint({ headers }: SignalSource): string | null {
    const name = this.options.tlsFingerprintHeader;
    if (name === undefined || this.options.trustedHops === 0) return null;
    // The proxy's own value is the last one; values before it may come from the client.
    return printable(last(headers[name])?.split(/,\s+/).at(-1), maxFingerprintLength);
  }
}

const demand = (signal: string, setting: string, { fault }: OfflineDatabase): void => {
  if (fault === null) return;
  throw new SignalsConfigurationError(
    `a policy with ipGranularity "${signal}" needs ${setting}, which ${fault}`,
  );
};

const lowerCased = (options: SignalsOptions): SignalsOptions => ({
  ...options,
  deviceIdHeader: options.deviceIdHeader?.toLowerCase(),
  tlsFingerprintHeader: options.tlsFingerprintHeader?.toLowerCase(),
});

const last = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.at(-1);

const printable = (value: unknown, longest: number): string | null => {
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return text !== '' && text.length <= longest && /^[\x20-\x7e]+$/.test(text) ? text : null;
};
