import { z } from 'zod';
import { documents } from './client-settings.js';
import { databaseAddress } from './database-hosts.js';
import { alerts, delivery } from './event-settings.js';
import { adminUrlByDefault } from './global-revocation.js';
import { insight } from './insight-settings.js';
import { look } from './look-settings.js';
import { mail } from './mail-settings.js';
import {
  choice,
  count,
  duration,
  flag,
  optionalUrl,
  path,
  rate,
  secrets,
  size,
  timeout,
  url,
  word,
} from './values.js';

// Every setting of the product, by its name in the environment. The manual, docs/configuration.md, is generated from this file.

const host = (about: string) =>
  word(about, /^[0-9A-Za-z.:-]{1,253}$/, 'an address or host name', '127.0.0.1');
const port = (about: string, preset: number) => count(about, { min: 0, max: 65_535, default: preset });
const header = (about: string) =>
  word(about, /^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'the name of a header')
    .optional()
    .meta({ about, form: 'name of a header' });

const service = {
  CURFEW_MODE: choice(
    'The kind of installation. Production refuses first-run data and every setting meant for development.',
    ['development', 'test', 'production'],
    'development',
  ),
  CURFEW_ISSUER: url(
    'The issuer identifier (RFC 8414 §2) and public address of the authorization server. Production needs it set explicitly, with https unless the host is this machine.',
    'http://localhost:3000',
  ),
  CURFEW_ADMIN_URL: url(
    'The public address of the admin API, and the resource that tokens for it name. In production the first administrator is made, and the metadata names the endpoint of Global Token Revocation, only where it is set explicitly.',
    adminUrlByDefault,
  ),
  CURFEW_GATEWAY_URL: url('The public address of the gateway.', 'http://localhost:3002'),
  CURFEW_CONSOLE_URL: optionalUrl(
    'The public address under which people open the console: a gateway in browser mode that leads to the admin API (docs/console.md). Unset, it is the name `console` below the host of CURFEW_GATEWAY_URL where there are first-run data, else CURFEW_ADMIN_URL.',
  ),
  CURFEW_KEY_ENCRYPTION_SECRETS: secrets(
    'The secrets all service keys are derived from. Put a new one first to replace a key; drop an old one to make everything protected by it unusable.',
    { minLength: 32, atMost: 5 },
  ),
  CURFEW_VIRTUAL_CLOCK: flag(
    'Lets the clock of the whole installation be moved forward. Refused in production.',
    false,
  ),
  CURFEW_SCENARIOS: flag(
    'Lets operators play scenarios over the admin API (docs/scenarios.md). Each makes an account and clients of its own and removes them. `npm start` sets it.',
    false,
  ),
  ...documents,
  CURFEW_DEV_FILE: path(
    'The file that first-run data is described in; first-run data is created when it is set. Refused in production.',
  ),
  CURFEW_LOG_LEVEL: choice(
    'The least severe log line written.',
    ['debug', 'info', 'warn', 'error', 'silent'],
    'info',
  ),
};

const database = {
  DATABASE_URL: databaseAddress(
    'The PostgreSQL (14 or newer) that holds everything. With several hosts the one that takes writes is used.',
  ),
  DATABASE_DIRECT_URL: databaseAddress(
    'The same database past every pooler, for announcements and migrations. It must be set where DATABASE_URL leads to a pooler; unset, it is DATABASE_URL.',
  ),
  CURFEW_DATABASE_POOL_SIZE: count('Connections of one process.', { min: 1, max: 200, default: 10 }),
  CURFEW_DATABASE_INTROSPECTION_POOL_SIZE: count(
    'Connections of one process kept for introspection and refreshes, so that a flood of sign-ins cannot starve it.',
    { min: 1, max: 200, default: 5 },
  ),
  CURFEW_DATABASE_CONNECT_TIMEOUT: timeout(
    'How long a request waits for a free or new connection before it gets a 503.',
    { min: '100ms', max: '30s', default: '2s' },
  ),
  CURFEW_DATABASE_STATEMENT_TIMEOUT: timeout('How long one statement may run.', {
    min: '100ms',
    max: '60s',
    default: '5s',
  }),
  CURFEW_DATABASE_TRANSACTION_TIMEOUT: timeout('How long one transaction may stay open.', {
    min: '100ms',
    max: '60s',
    default: '10s',
  }),
  CURFEW_DATABASE_IDLE_TIMEOUT: timeout('How long an unused connection is kept.', {
    min: '1s',
    max: '1h',
    default: '30s',
  }),
  CURFEW_STATE_FOLDER: path(
    'The folder in which each process writes down what the database last acknowledged to it. With it, a database that went backwards is noticed after a restart too. Processes of one machine may share it; one that cannot write there says so and goes on without.',
  ),
  CURFEW_AFTER_FAILOVER: choice(
    'The reaction to a database that lost acknowledged writes. `refuse` honours no token until an operator has run after-restore (docs/operations.md); `end-all` takes that step at once, so that everybody signs in again.',
    ['refuse', 'end-all'],
    'refuse',
  ),
};

const network = {
  CURFEW_AUTH_HOST: host('Address the authorization server listens on.'),
  CURFEW_AUTH_PORT: port('Port the authorization server listens on; 0 takes a free one.', 3000),
  CURFEW_ADMIN_HOST: host('Address the admin API listens on.'),
  CURFEW_ADMIN_PORT: port('Port the admin API listens on.', 3001),
  CURFEW_GATEWAY_HOST: host('Address the gateway listens on.'),
  CURFEW_GATEWAY_PORT: port('Port the gateway listens on.', 3002),
  CURFEW_GATEWAY_ROUTES: path(
    'The file with the routes of the gateway (docs/gateway.md). Without one, a gateway with first-run data protects the sample resource, and any other lets nobody pass.',
  ),
  CURFEW_METRICS_HOST: host('Address that serves the metrics of one authorization server.'),
  CURFEW_METRICS_PORT: port(
    'Port that serves the metrics of one authorization server, added up over its workers; it must not be public. 0 serves none.',
    0,
  ),
  CURFEW_TRUSTED_HOPS: count(
    'How many proxies stand in front. The client address is taken that many places from the right of X-Forwarded-For; 0 believes no forwarded header.',
    { min: 0, max: 10, default: 0 },
  ),
  CURFEW_DEVICE_HEADER: header(
    'Header in which a trusted proxy names the device. Needs CURFEW_TRUSTED_HOPS above 0.',
  ),
  CURFEW_TLS_FINGERPRINT_HEADER: header(
    'Header in which a trusted proxy gives the TLS fingerprint of the client. Needs CURFEW_TRUSTED_HOPS above 0.',
  ),
  CURFEW_CLIENT_CERTIFICATE_HEADER: header(
    'Header in which a trusted proxy gives the verified client certificate (RFC 8705). Needs CURFEW_TRUSTED_HOPS above 0.',
  ),
  CURFEW_MAXMIND_ASN: path('MaxMind database with the autonomous system of addresses.'),
  CURFEW_MAXMIND_COUNTRY: path('MaxMind database with the country of addresses.'),
};

/** From a second on. */
const upTo = (max: string, value: string) => ({ min: '1s', max, default: value });

const limits = {
  CURFEW_BODY_LIMIT: size('The largest request body read.', { min: '1KiB', max: '1MiB', default: '56KiB' }),
  CURFEW_HEADERS_TIMEOUT: timeout('How long a client may take to send its headers.', upTo('60s', '10s')),
  CURFEW_REQUEST_TIMEOUT: timeout('How long a client may take to send a whole request.', upTo('5m', '20s')),
  CURFEW_SEND_TIMEOUT: timeout('How long a client may read nothing of an answer.', upTo('10m', '60s')),
  CURFEW_MAX_CONNECTIONS: count('Connections one process accepts at a time.', {
    min: 10,
    max: 100_000,
    default: 2_000,
  }),
  CURFEW_SHUTDOWN_GRACE: timeout('How long a process that is told to stop may finish what it began.', {
    min: '0s',
    max: '5m',
    default: '10s',
  }),
  CURFEW_SHUTDOWN_DELAY: timeout(
    'How long a process that is told to stop goes on taking requests: it is not ready, and each answer closes its connection, so that load balancers leave it first. Give it two intervals of their health checks.',
    { min: '0s', max: '1m', default: '0s' },
  ),
  CURFEW_WORKERS: count('Processes the authorization server runs on this machine.', {
    min: 1,
    max: 64,
    default: 1,
  }),
};

const passwords = {
  CURFEW_PASSWORD_MIN_LENGTH: count('Fewest characters of a password (NIST SP 800-63B-4 §3.1.1.2).', {
    min: 8,
    max: 64,
    default: 12,
  }),
  CURFEW_PASSWORD_MAX_BYTES: size('The longest password hashed; longer ones are refused unread.', {
    min: '64B',
    max: '4KiB',
    default: '1KiB',
  }),
  CURFEW_ARGON2_MEMORY: size('Memory of one argon2id hash (RFC 9106).', {
    min: '8MiB',
    max: '1GiB',
    default: '19MiB',
  }),
  CURFEW_ARGON2_TIME: count('Passes of one argon2id hash.', { min: 1, max: 20, default: 2 }),
  CURFEW_ARGON2_PARALLELISM: count('Lanes of one argon2id hash.', { min: 1, max: 16, default: 1 }),
  CURFEW_HASHING_CONCURRENCY: count(
    'Password hashes computed at a time, in the process that does nothing else.',
    { min: 1, max: 64, default: 2 },
  ),
  CURFEW_HASHING_QUEUE: count('Password hashes that may wait for their turn; more get a 503.', {
    min: 0,
    max: 10_000,
    default: 64,
  }),
};

const throttles = {
  CURFEW_THROTTLE_SIGN_IN: rate('Failed sign-ins for one account from one network.', '10/15m'),
  CURFEW_THROTTLE_SIGN_IN_NETWORK: rate('Failed sign-ins from one network, over all accounts.', '100/15m'),
  CURFEW_THROTTLE_CLIENT: rate('Failed authentications of one client from one network.', '30/1m'),
  CURFEW_THROTTLE_REFRESH: rate(
    'Refused refreshes of one client from one network, at each process. Beyond it tokens that were never issued here, and those of ended sessions refused from there a moment ago, get a 429 unread.',
    '30/1m',
  ),
  CURFEW_THROTTLE_INTROSPECTION: rate(
    'Introspections of one client, at each process; more get a 429. The default is about what a process can answer. Calls about many tokens at once, as gateways make them, are not counted.',
    '900000/1m',
  ),
  CURFEW_THROTTLE_EXCHANGE: rate(
    'Tokens that one client exchanges for those of one session (RFC 8693), at each process; more get a 429.',
    '60/1m',
  ),
  CURFEW_THROTTLE_USER_CODE: rate('Wrong device-flow codes from one network (RFC 8628 §5.1).', '10/10m'),
};

const keys = {
  CURFEW_KEY_ROTATION_AGE: duration('How long a signing key signs before the next one takes over.', {
    min: '1h',
    max: '400d',
    default: '30d',
  }),
  CURFEW_KEY_PUBLISH_AHEAD: duration('How long a signing key is published before it signs.', {
    min: '0s',
    max: '30d',
    default: '1d',
  }),
};

const sessions = {
  CURFEW_ENDED_SESSION_RETENTION: duration('How long an ended session and its history can be looked up.', {
    min: '1h',
    max: '4000d',
    default: '30d',
  }),
  CURFEW_SWEEP_INTERVAL: timeout('How often due sessions are ended and old rows deleted.', {
    min: '1s',
    max: '1h',
    default: '30s',
  }),
  CURFEW_COOKIE_NAME: word(
    'First part of the names of cookies; with https they get the __Host- prefix.',
    /^[a-z][a-z0-9_-]{0,31}$/,
    'lower-case letters, digits, - and _',
    'curfew',
  ),
  CURFEW_COOKIE_LIFETIME: duration(
    'How long a browser keeps the cookie of a sign-in at most, where the person wants to be kept signed in. Policies bound the sign-in itself.',
    {
      min: '5m',
      max: '400d',
      default: '14d',
    },
  ),
};

/** The settings in the order and under the headings of the manual. */
export const sections = [
  { title: 'The service', settings: service },
  { title: "Look of people's pages", settings: look },
  { title: 'Database', settings: database },
  { title: 'Network', settings: network },
  { title: 'Limits', settings: limits },
  { title: 'Passwords', settings: passwords },
  { title: 'Throttling', settings: throttles },
  { title: 'Mail', settings: mail },
  { title: 'Signing keys', settings: keys },
  { title: 'Sessions and cookies', settings: sessions },
  { title: 'Insight', settings: insight },
  { title: 'Events and their delivery', settings: delivery },
  { title: 'Alerts', settings: alerts },
] as const;

/** The one schema. A name in the product's own prefix that it does not know is a fault: a misspelt setting must not go unnoticed. */
export const schema = z.object({
  ...service,
  ...look,
  ...database,
  ...network,
  ...limits,
  ...passwords,
  ...throttles,
  ...mail,
  ...keys,
  ...sessions,
  ...insight,
  ...delivery,
  ...alerts,
});

/** The settings as read, by name. */
export type Settings = z.output<typeof schema>;
