import { adminUrlByDefault } from './global-revocation.js';
import { choice, flag, optionalUrl, path, secrets, url } from './values.js';

/** Settings of the installation as a whole. */
export const service = {
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
  CURFEW_CLIENT_DOCUMENTS: flag(
    'Lets documents of hosts that an operator has allowed introduce clients (Client ID Metadata Documents): the client id is the address of the document. Without it such clients are unknown, also those that were introduced before.',
    false,
  ),
  CURFEW_DEV_FILE: path(
    'The file that first-run data is described in; first-run data is created when it is set. Refused in production.',
  ),
  CURFEW_LOG_LEVEL: choice(
    'The least severe log line written.',
    ['debug', 'info', 'warn', 'error', 'silent'],
    'info',
  ),
};
