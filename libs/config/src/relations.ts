import type { ConfigurationFault } from './configuration-error.js';
import { type Settings, schema } from './schema.js';

/** Marks key-encryption secrets that `npm start` made up; production does not take them for the installation's own. */
export const developmentSecretPrefix = 'development-only-';

type Read = Partial<Settings>;
type Environment = Readonly<Record<string, string | undefined>>;
type Rule = (settings: Read, environment: Environment) => readonly ConfigurationFault[];

const fault = (setting: string, rule: string): ConfigurationFault[] => [{ setting, rule }];

/** Names that belong to the launcher and the command line and are not settings of the product, and what they are for. */
export const launcherNames: ReadonlyMap<string, string> = new Map([
  [
    'CURFEW_HOME',
    'The folder in which `npm start` and `npm run dev` keep everything: the data of the embedded PostgreSQL, what was made up at the first start, logs. `.curfew` in the top folder by default. One folder is one installation: a second one beside it needs a folder and ports of its own.',
  ],
  [
    'CURFEW_CALLBACK_PORT',
    'The port in the redirect URIs of first-run data, where the example application of `npm start` listens; 3003 by default.',
  ],
  [
    'CURFEW_TOUR_PORT',
    'The port of a second redirect URI of the first-run client `web`, where the tour in docs/getting-started.md listens; 3005 by default.',
  ],
  ['CURFEW_CLI_CLIENT_ID', 'The client `npx curfew` is.'],
  ['CURFEW_CLI_CLIENT_SECRET', 'Its secret.'],
  [
    'CURFEW_EXIT_WITH_PARENT',
    'With `true`, a process stops when its standard input is closed. `npm start` sets it, so that nothing outlives it.',
  ],
]);

const noUnknownNames: Rule = (_, environment) =>
  Object.keys(environment)
    .filter((name) => name.startsWith('CURFEW_') && !(name in schema.shape) && !launcherNames.has(name))
    .map((setting) => ({ setting, rule: 'is not a setting' }));

/** Trust is explicit: a header that anybody could send is believed only behind a proxy known to replace it. */
const headersNeedAProxy: Rule = (settings) =>
  settings.CURFEW_TRUSTED_HOPS !== 0
    ? []
    : (['CURFEW_DEVICE_HEADER', 'CURFEW_TLS_FINGERPRINT_HEADER', 'CURFEW_CLIENT_CERTIFICATE_HEADER'] as const)
        .filter((name) => settings[name] !== undefined)
        .map((setting) => ({ setting, rule: 'needs CURFEW_TRUSTED_HOPS above 0' }));

/** A letter without a sender is refused everywhere. */
const senderOfMail: Rule = ({ CURFEW_SMTP_URL: server, CURFEW_MAIL_FROM: sender }) =>
  server === undefined || sender !== undefined
    ? []
    : fault('CURFEW_MAIL_FROM', 'is needed with CURFEW_SMTP_URL');

/** Wants the value of `lesser` below (or at most at) that of `greater`, where both could be read. */
const ordered =
  (lesser: keyof Settings, greater: keyof Settings, { orEqual = false } = {}): Rule =>
  (settings) => {
    const [a, b] = [settings[lesser], settings[greater]];
    if (typeof a !== 'number' || typeof b !== 'number' || a < b || (orEqual && a === b)) return [];
    return fault(lesser, `must be ${orEqual ? 'at most' : 'less than'} ${greater}`);
  };

/** RFC 9106 §3.1: memory of at least 8 KiB per lane. */
const memoryForAllLanes: Rule = ({ CURFEW_ARGON2_MEMORY: memory, CURFEW_ARGON2_PARALLELISM: lanes }) =>
  memory === undefined || lanes === undefined || memory >= 8 * 1_024 * lanes
    ? []
    : fault('CURFEW_ARGON2_MEMORY', 'must be at least 8KiB per lane of CURFEW_ARGON2_PARALLELISM');

const distinctPorts: Rule = (settings) => {
  const names = [
    'CURFEW_AUTH_PORT',
    'CURFEW_ADMIN_PORT',
    'CURFEW_GATEWAY_PORT',
    'CURFEW_METRICS_PORT',
  ] as const;
  return names
    .filter(
      (name, at) => settings[name] && names.slice(0, at).some((other) => settings[other] === settings[name]),
    )
    .map((setting) => ({ setting, rule: 'must differ from the other ports' }));
};

const inProduction =
  (rule: Rule): Rule =>
  (settings, environment) =>
    settings.CURFEW_MODE === 'production' ? rule(settings, environment) : [];

const explicitIssuer: Rule = (_, environment) =>
  environment['CURFEW_ISSUER'] ? [] : fault('CURFEW_ISSUER', 'must be set explicitly in production');

const httpsForPublicIssuer: Rule = ({ CURFEW_ISSUER: issuer }) =>
  issuer === undefined || !isPublicHttp(issuer)
    ? []
    : fault('CURFEW_ISSUER', 'must use https unless its host is this machine');

const noVirtualClock: Rule = (settings) =>
  settings.CURFEW_VIRTUAL_CLOCK ? fault('CURFEW_VIRTUAL_CLOCK', 'is refused in production') : [];

const noFirstRunData: Rule = (settings) =>
  settings.CURFEW_DEV_FILE === undefined ? [] : fault('CURFEW_DEV_FILE', 'is refused in production');

const ownSecrets: Rule = (settings) =>
  settings.CURFEW_KEY_ENCRYPTION_SECRETS?.some((secret) =>
    secret.reveal().startsWith(developmentSecretPrefix),
  )
    ? fault('CURFEW_KEY_ENCRYPTION_SECRETS', "must be the installation's own, not made up for development")
    : [];

function isPublicHttp(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer);
  return protocol === 'http:' && !/^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** Rules between settings, and between a setting and the mode. */
export const relations: readonly Rule[] = [
  noUnknownNames,
  headersNeedAProxy,
  distinctPorts,
  senderOfMail,
  memoryForAllLanes,
  ordered('CURFEW_KEY_PUBLISH_AHEAD', 'CURFEW_KEY_ROTATION_AGE'),
  ordered('CURFEW_DATABASE_STATEMENT_TIMEOUT', 'CURFEW_DATABASE_TRANSACTION_TIMEOUT', { orEqual: true }),
  ordered('CURFEW_HEADERS_TIMEOUT', 'CURFEW_REQUEST_TIMEOUT', { orEqual: true }),
  inProduction(explicitIssuer),
  inProduction(httpsForPublicIssuer),
  inProduction(noVirtualClock),
  inProduction(noFirstRunData),
  inProduction(ownSecrets),
];
