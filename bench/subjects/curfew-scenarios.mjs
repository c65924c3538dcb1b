import { calledApi } from '../seed/register.mjs';

const noIdToken = { scope: 'offline_access' };

/** How each path is asked of Curfew. */
export function scenariosOf({ registered, scope }, pools) {
  const { web, spa, machine, signed, guarded, asserting, api, called, person } = registered;
  const flow = { client: web, redirectUri: web.redirectUri, scope, person };
  const refresh = (pool, options) => ({ pool, operation: 'refresh', options });
  const introspection = (pool, options) => ({ pool, operation: 'introspection', options });
  return {
    // A narrower scope without openid is how a client says that it wants no ID token.
    refresh: refresh(pools.chains, { client: web, parameters: noIdToken }),
    'refresh-id-token': refresh(pools.chains, { client: web, idToken: true }),
    'refresh-jwt': refresh(pools.signed, { client: signed }),
    'refresh-guarded': refresh(pools.guarded, { client: guarded }),
    'refresh-public': refresh(pools.public, { client: spa, parameters: noIdToken }),
    'refresh-dpop': {
      ...refresh(pools.bound, { client: spa, parameters: noIdToken }),
      operation: 'refresh-dpop',
    },
    'refresh-assertion': refresh(pools.asserted, { client: asserting, parameters: noIdToken }),
    'refresh-1000-clients': refresh(pools.clients, { client: web, parameters: noIdToken }),
    introspection: introspection('curfew/live', { client: web }),
    // One API, and one that it calls for the same people.
    exchange: {
      pool: 'curfew/live-exchanged',
      operation: 'exchange',
      options: { client: api, resource: calledApi },
    },
    'introspection-guarded': introspection('curfew/live-guarded', { client: api }),
    'introspection-exchanged': introspection('curfew/live-exchanged', { client: called }),
    'introspection-jwt': introspection('curfew/live-jwt', { client: signed }),
    'introspection-wrong': introspection(pools.wrong, { client: web, active: false }),
    'introspection-ended': introspection('curfew/ended', { client: web, active: false }),
    'client-credentials': {
      pool: pools.machine,
      operation: 'client-credentials',
      options: { client: machine },
    },
    authorize: { pool: pools.codes, operation: 'authorize', options: flow, once: pools.sizes.codes },
    'code-exchange': {
      pool: pools.codes,
      operation: 'code-exchange',
      options: { client: web },
      once: pools.sizes.codes,
    },
    revocation: {
      pool: pools.spent,
      operation: 'revocation',
      options: { client: web },
      once: pools.sizes.spent,
    },
    // People who have been here before, and the same people asked for their consent once more.
    'sign-in': {
      pool: pools.machine,
      operation: 'sign-in',
      options: { ...flow, scope: 'openid', people: pools.people },
    },
    'passkey-sign-in': {
      pool: pools.machine,
      operation: 'sign-in',
      options: { ...flow, scope: 'openid', passkeys: pools.passkeys },
    },
    'sign-in-page': {
      pool: pools.machine,
      operation: 'sign-in-page',
      options: { ...flow, scope: 'openid' },
    },
    'sign-in-and-consent': {
      pool: pools.machine,
      operation: 'sign-in',
      options: { ...flow, people: pools.people },
    },
  };
}
