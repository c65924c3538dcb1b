import { type DatabaseConfiguration, databaseOf } from './database-settings.js';
import { type LookConfiguration, lookOf } from './look-settings.js';
import type { MailConfiguration } from './mail-settings.js';
import { type NetworkConfiguration, networkOf } from './network-settings.js';
import type { Settings } from './schema.js';
import type { Secret } from './secret.js';
import type { Milliseconds, Rate, Seconds } from './values.js';

/** The cost of one password hash (RFC 9106 §4) and how many are computed at a time. */
export interface HashingConfiguration {
  readonly memoryBytes: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly concurrency: number;
  readonly queue: number;
}

/** A name such as USER_CODE as it is written in code: userCode. */
type CodeName<Setting extends string> = Setting extends `${infer First}_${infer Rest}`
  ? `${Lowercase<First>}${Capitalize<CodeName<Rest>>}`
  : Lowercase<Setting>;

const throttlePrefix = 'CURFEW_THROTTLE_';

/** The limits of throttles: each setting whose name begins with CURFEW_THROTTLE_, by the rest of its name. */
export type Throttles = {
  readonly [Name in keyof Settings as Name extends `${typeof throttlePrefix}${infer Rest}`
    ? CodeName<Rest>
    : never]: Rate;
};

const throttlesOf = (settings: Settings): Throttles =>
  Object.fromEntries(
    (Object.keys(settings) as (keyof Settings)[])
      .filter((name) => name.startsWith(throttlePrefix))
      .map((name) => [
        name
          .slice(throttlePrefix.length)
          .toLowerCase()
          .replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
        settings[name],
      ]),
  ) as Throttles;

/** Everything that can be configured, parsed, checked and grouped by subject. */
export interface Configuration extends NetworkConfiguration {
  readonly mode: 'development' | 'test' | 'production';
  readonly issuer: string;
  readonly adminUrl: string;
  readonly gatewayUrl: string;
  readonly consoleUrl: string;
  /** Newest first. */
  readonly keyEncryptionSecrets: readonly Secret[];
  readonly virtualClock: boolean;
  readonly clientDocuments: boolean;
  /** Whether operators may play scenarios over the admin API. */
  readonly scenarios: boolean;
  readonly devFile: string | undefined;
  readonly gatewayRoutes: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly workers: number;
  readonly database: DatabaseConfiguration;
  readonly look: LookConfiguration;
  readonly passwords: { readonly minLength: number; readonly maxBytes: number };
  readonly hashing: HashingConfiguration;
  readonly throttles: Throttles;
  readonly mail: MailConfiguration;
  readonly signingKeys: {
    readonly rotationAge: Seconds;
    readonly publishAhead: Seconds;
    /** How long a key stays published after it signed last. */
    readonly keptFor: Seconds;
  };
  readonly endedSessionRetention: Seconds;
  readonly sweepIntervalMs: Milliseconds;
  /** Whether silences are counted, and how long the counts are kept. */
  readonly insight: { readonly isOn: boolean; readonly retention: Seconds };
  readonly delivery: {
    readonly [Name in 'intervalMs' | 'timeoutMs' | 'firstRetryMs' | 'pollIntervalMs']: Milliseconds;
  } & { readonly attempts: number; readonly allowPrivateAddresses: boolean };
  /** How long events are kept, and the counts beside them. */
  readonly eventRetention: { readonly events: Seconds; readonly counts: Seconds };
  /** How much of a pattern is an alert. */
  readonly alerts: {
    readonly unknownTokens: Rate;
    readonly reuseSessions: Rate;
    readonly afterEnd: Rate;
    readonly addressAccounts: Rate;
    readonly failedSignIns: Rate;
    readonly refreshStorm: Rate;
    readonly refusedRequests: Rate;
    readonly sessionPlaces: Rate;
    /** The reaction beyond recording. */
    readonly answers: {
      readonly unknownTokens: 'record' | 'throttle';
      readonly reuseSessions: 'record' | 'throttle' | 'end';
      readonly afterEnd: 'record' | 'throttle';
      readonly addressAccounts: 'record' | 'throttle';
      readonly failedSignIns: 'record' | 'throttle';
      readonly refreshStorm: 'record' | 'throttle';
      readonly refusedRequests: 'record' | 'throttle';
      readonly sessionPlaces: 'record' | 'end';
    };
    readonly throttledFor: Seconds;
  };
  readonly cookies: { readonly name: string; readonly lifetime: Seconds; readonly secure: boolean };
}

/** At the gateway of the first start the console has a host of its own, a name below `localhost` (RFC 6761 §6.3). */
function consoleUrlBy({ CURFEW_DEV_FILE, CURFEW_GATEWAY_URL, CURFEW_ADMIN_URL }: Settings): string {
  if (!CURFEW_DEV_FILE) return CURFEW_ADMIN_URL;
  const { protocol, hostname, port } = new URL(CURFEW_GATEWAY_URL);
  const name = /^(127\.[\d.]+|\[.*\])$/.test(hostname) ? 'localhost' : hostname;
  return `${protocol}//console.${name}${port && `:${port}`}`;
}

/** Groups settings that have passed every check. */
export function arrange(
  s: Settings,
  database: Secret,
  keyEncryptionSecrets: readonly Secret[],
): Configuration {
  return {
    mode: s.CURFEW_MODE,
    issuer: s.CURFEW_ISSUER,
    adminUrl: s.CURFEW_ADMIN_URL,
    gatewayUrl: s.CURFEW_GATEWAY_URL,
    consoleUrl: s.CURFEW_CONSOLE_URL ?? consoleUrlBy(s),
    keyEncryptionSecrets,
    virtualClock: s.CURFEW_VIRTUAL_CLOCK,
    clientDocuments: s.CURFEW_CLIENT_DOCUMENTS,
    scenarios: s.CURFEW_SCENARIOS,
    devFile: s.CURFEW_DEV_FILE,
    gatewayRoutes: s.CURFEW_GATEWAY_ROUTES,
    logLevel: s.CURFEW_LOG_LEVEL,
    workers: s.CURFEW_WORKERS,
    database: databaseOf(s, database),
    ...networkOf(s),
    ...people(s),
    signingKeys: {
      rotationAge: s.CURFEW_KEY_ROTATION_AGE,
      publishAhead: s.CURFEW_KEY_PUBLISH_AHEAD,
      // Nothing we sign opens a door for longer than minutes, but an ID token is shown again as a hint when its person signs
      // out, which may be as late as the browser session lasts (OpenID Connect RP-Initiated Logout 1.0 §2).
      keptFor: s.CURFEW_COOKIE_LIFETIME,
    },
    endedSessionRetention: s.CURFEW_ENDED_SESSION_RETENTION,
    sweepIntervalMs: s.CURFEW_SWEEP_INTERVAL,
    insight: { isOn: s.CURFEW_INSIGHT, retention: s.CURFEW_INSIGHT_RETENTION },
    ...happenings(s),
    cookies: {
      name: s.CURFEW_COOKIE_NAME,
      lifetime: s.CURFEW_COOKIE_LIFETIME,
      secure: s.CURFEW_ISSUER.startsWith('https:'),
    },
  };
}

function happenings(s: Settings): Pick<Configuration, 'delivery' | 'eventRetention' | 'alerts'> {
  return {
    delivery: {
      intervalMs: s.CURFEW_DELIVERY_INTERVAL,
      timeoutMs: s.CURFEW_DELIVERY_TIMEOUT,
      firstRetryMs: s.CURFEW_DELIVERY_FIRST_RETRY,
      attempts: s.CURFEW_DELIVERY_ATTEMPTS,
      allowPrivateAddresses: s.CURFEW_MODE !== 'production' || s.CURFEW_DELIVERY_PRIVATE_ADDRESSES,
      pollIntervalMs: s.CURFEW_SIGNAL_POLL_INTERVAL,
    },
    eventRetention: { events: s.CURFEW_EVENT_RETENTION, counts: s.CURFEW_EVENT_COUNT_RETENTION },
    alerts: {
      unknownTokens: s.CURFEW_ALERT_UNKNOWN_TOKENS,
      reuseSessions: s.CURFEW_ALERT_REUSE_SESSIONS,
      afterEnd: s.CURFEW_ALERT_AFTER_END,
      addressAccounts: s.CURFEW_ALERT_ADDRESS_ACCOUNTS,
      failedSignIns: s.CURFEW_ALERT_FAILED_SIGN_INS,
      refreshStorm: s.CURFEW_ALERT_REFRESH_STORM,
      refusedRequests: s.CURFEW_ALERT_REFUSED_REQUESTS,
      sessionPlaces: s.CURFEW_ALERT_SESSION_PLACES,
      answers: {
        unknownTokens: s.CURFEW_ALERT_UNKNOWN_TOKENS_ANSWER,
        reuseSessions: s.CURFEW_ALERT_REUSE_SESSIONS_ANSWER,
        afterEnd: s.CURFEW_ALERT_AFTER_END_ANSWER,
        addressAccounts: s.CURFEW_ALERT_ADDRESS_ACCOUNTS_ANSWER,
        failedSignIns: s.CURFEW_ALERT_FAILED_SIGN_INS_ANSWER,
        refreshStorm: s.CURFEW_ALERT_REFRESH_STORM_ANSWER,
        refusedRequests: s.CURFEW_ALERT_REFUSED_REQUESTS_ANSWER,
        sessionPlaces: s.CURFEW_ALERT_SESSION_PLACES_ANSWER,
      },
      throttledFor: s.CURFEW_ALERT_THROTTLE,
    },
  };
}

function people(s: Settings): Pick<Configuration, 'look' | 'passwords' | 'hashing' | 'throttles' | 'mail'> {
  const { CURFEW_SMTP_URL: url, CURFEW_MAIL_FROM: from } = s;
  return {
    look: lookOf(s),
    mail: {
      smtp: url && from ? { url, from } : undefined,
      mailbox: url === undefined && s.CURFEW_DEV_FILE !== undefined && s.CURFEW_MODE !== 'production',
    },
    passwords: { minLength: s.CURFEW_PASSWORD_MIN_LENGTH, maxBytes: s.CURFEW_PASSWORD_MAX_BYTES },
    hashing: {
      memoryBytes: s.CURFEW_ARGON2_MEMORY,
      passes: s.CURFEW_ARGON2_TIME,
      parallelism: s.CURFEW_ARGON2_PARALLELISM,
      concurrency: s.CURFEW_HASHING_CONCURRENCY,
      queue: s.CURFEW_HASHING_QUEUE,
    },
    throttles: throttlesOf(s),
  };
}
