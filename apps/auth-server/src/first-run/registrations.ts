import type { ClientRegistration, ResourceRegistration } from '@curfew/clients';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import type { ClientName } from './first-run-data.js';

/** The API that examples are about. */
export const ordersAudience = 'https://orders.example.test';

/** The account that may do everything at the admin API, and so in the console. */
export const operatorUsername = 'operator@example.test';

/** Usernames of the accounts to try things with. */
export const usernames = ['user1@example.test', 'user2@example.test', operatorUsername] as const;

/** The policy of the console: the inactivity timeout of ASVS 5.0 7.3.1 for administration, and a working day. */
export const consolePolicy = {
  name: 'console',
  settings: {
    basedOn: 'standard',
    inactivityTimeout: '15m',
    absoluteLifetime: '8h',
    // Nearly as long as the session may be silent, because requests that only look on, such as the live feed, refresh nothing.
    accessTokenLifetime: '14m',
    activity: 'use',
    introspectionCache: '2s',
    idleWarning: '2m',
    onPasswordChange: 'end_others',
  },
} as const;

/** The addresses of the parts of the installation. */
export interface Addresses {
  readonly issuer: string;
  readonly adminUrl: string;
  readonly gatewayUrl: string;
  readonly consoleUrl: string;
  /** The redirect URI of the sample client. */
  readonly callbackUrl: string;
  /** The place of the client `web` while somebody takes the tour; the example application is at the other one. */
  readonly tourUrl: string;
}

/** The APIs of the first start. */
export const resourceRegistrations = ({ adminUrl }: Addresses): readonly ResourceRegistration[] => [
  { audience: ordersAudience, name: 'Orders', scopes: ['orders:read', 'orders:write'] },
  { audience: adminUrl, name: 'Curfew administration', scopes: adminScopeNames },
];

const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code' as const;

/** The clients of the first start: one of each kind. */
export const clientRegistrations = ({
  adminUrl,
  consoleUrl,
  callbackUrl,
  tourUrl,
}: Addresses): Readonly<Record<ClientName, ClientRegistration>> => {
  const at = (path: string) => new URL(path, callbackUrl).href;
  return {
    web: {
      client_name: 'Example web application',
      redirect_uris: [at('/callback'), new URL('/callback', tourUrl).href],
      post_logout_redirect_uris: [at('/')],
      grant_types: ['authorization_code', 'refresh_token'],
      resources: [ordersAudience],
    },
    spa: {
      client_name: 'Example single-page application',
      redirect_uris: [at('/spa/callback')],
      post_logout_redirect_uris: [at('/spa')],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      resources: [ordersAudience],
    },
    service: {
      client_name: 'Example service',
      grant_types: ['client_credentials'],
      resources: [ordersAudience],
    },
    device: {
      client_name: 'Example television',
      grant_types: [deviceCode, 'refresh_token'],
      token_endpoint_auth_method: 'none',
      resources: [ordersAudience],
    },
    api: { client_name: 'Orders API', grant_types: [], resource: ordersAudience },
    admin: {
      client_name: 'Example operator',
      grant_types: ['client_credentials'],
      scope: adminScopeNames.join(' '),
      resources: [adminUrl],
    },
    console: {
      client_name: 'Curfew console',
      redirect_uris: [`${consoleUrl}/.curfew/callback`],
      post_logout_redirect_uris: [`${consoleUrl}/console/`],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: ['openid', ...adminScopeNames].join(' '),
      resources: [adminUrl],
    },
    gateway: { client_name: 'Gateway before the admin API', grant_types: [], resource: adminUrl },
  };
};
