/** Request bodies that say more than what a schema demands, by operation; a test holds each to its schema. */
export const writtenExamples: Readonly<Record<string, unknown>> = {
  createClient: {
    client_name: 'Shop',
    redirect_uris: ['https://shop.example.com/callback'],
    post_logout_redirect_uris: ['https://shop.example.com/'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
    resources: ['https://orders.example.com'],
  },
  changeClient: { client_name: 'Shop', default_max_age: 3600 },
  endSessions: {
    selection: { account: '0197c9a2-6f3a-7c41-9d0e-5b2a8c1f4e60' },
    reason: 'ended_by_administrator',
  },
  createPolicy: { name: 'office', settings: { basedOn: 'standard', inactivityTimeout: '30m' } },
  lintPolicy: { settings: { basedOn: 'standard', inactivityTimeout: '30m' } },
  createResource: {
    audience: 'https://orders.example.com',
    name: 'Orders',
    scopes: ['orders:read', 'orders:write'],
  },
};
