import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { availableParallelism } from 'node:os';
import { defaultHashing, HashingProcess, PasswordHasher } from '@curfew/accounts';
import Provider from 'oidc-provider';

/*
 * The library's floor of a sign-in: oidc-provider alone, everything in its memory, its own pages, and one password compared for each, in
 * a process beside it as in the product. Nothing that is built on the library and keeps anything signs in more people.
 */
const { port, client, redirectUri, compares } = JSON.parse(process.env['BENCH_LIBRARY'] ?? '{}');
const hasher = new PasswordHasher(
  defaultHashing(),
  new HashingProcess({ concurrency: availableParallelism() }),
);
const hash = await hasher.hash('the password of everybody');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signingKey = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'library' };

const provider = new Provider(`http://localhost:${port}`, {
  jwks: { keys: [signingKey] },
  cookies: { keys: ['library'] },
  clients: [
    {
      client_id: client.id,
      client_secret: client.secret,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: ['openid', 'offline_access'],
  features: { devInteractions: { enabled: true } },
  ttl: { Grant: 86_400, Session: 86_400, Interaction: 3600 },
  findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
});

const callback = provider.callback();
const server = createServer((request, response) => {
  if (request.url === '/ready') response.end();
  // The form of a browser that is not signed in is the one with the password.
  else if (compares && request.method === 'POST' && !/\b_session=/.test(request.headers.cookie ?? ''))
    hasher.verify(hash, 'the password of everybody').then(() => callback(request, response));
  else callback(request, response);
});
server.listen(port, '127.0.0.1');
process.on('SIGTERM', () => process.exit());
