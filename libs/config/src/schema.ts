import { z } from 'zod';
import { database } from './database-settings.js';
import { alerts, delivery } from './event-settings.js';
import { insight } from './insight-settings.js';
import { look } from './look-settings.js';
import { mail } from './mail-settings.js';
import { limits, network } from './network-settings.js';
import { service } from './service-settings.js';
import { count, duration, rate, size, timeout, word } from './values.js';

// Every setting of the product, by its name in the environment. The manual, docs/configuration.md, is generated from these tables.

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
