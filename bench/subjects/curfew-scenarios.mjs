import { clientOf } from './curfew.mjs';

const noIdToken = { scope: 'offline_access' };

/** How each path is asked of Curfew. */
export function scenariosOf({ firstRun, scope }, { web, pools }) {
  const spa = clientOf(firstRun.clients.spa);
  const machine = clientOf(firstRun.clients.service);
  const person = firstRun.accounts[0];
  const flow = { client: web, redirectUri: web.redirectUri, scope, person };
  return {
    refresh: { pool: pools.chains, operation: 'refresh', options: { client: web, parameters: noIdToken } },
    'refresh-id-token': { pool: pools.chains, operation: 'refresh', options: { client: web, idToken: true } },
    'refresh-public': {
      pool: pools.publicChains,
      operation: 'refresh',
      options: { client: spa, parameters: noIdToken },
    },
    'refresh-dpop': {
      pool: pools.boundChains,
      operation: 'refresh-dpop',
      options: { client: spa, parameters: noIdToken },
    },
    'refresh-1000-clients': {
      pool: pools.clientChains,
      operation: 'refresh',
      options: { client: web, parameters: noIdToken },
    },
    introspection: { pool: 'curfew/live', operation: 'introspection', options: { client: web } },
    'introspection-wrong': {
      pool: pools.wrong,
      operation: 'introspection',
      options: { client: web, active: false },
    },
    'introspection-ended': {
      pool: pools.spent,
      operation: 'introspection',
      options: { client: web, active: false },
    },
    'client-credentials': {
      pool: pools.machine,
      operation: 'client-credentials',
      options: { client: machine },
    },
    authorize: { pool: pools.codes, operation: 'authorize', options: flow, once: true },
    'code-exchange': { pool: pools.codes, operation: 'code-exchange', options: { client: web }, once: true },
    revocation: { pool: pools.spent, operation: 'revocation', options: { client: web }, once: true },
    'sign-in': { pool: pools.machine, operation: 'sign-in', options: flow },
  };
}
