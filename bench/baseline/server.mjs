import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { PrismaPg } from '@prisma/adapter-pg';
import Provider from 'oidc-provider';
import { PrismaClient } from '../../libs/persistence/dist/generated/client.js';
import { prismaAdapter } from './adapter.mjs';

/*
 * The baseline: oidc-provider and Prisma put together as their documentation shows, and nothing else. Rotation of every
 * refresh token, opaque access tokens, ES256, introspection and client credentials. It is kinder to the baseline than
 * most real servers: clients stand in memory, and no framework lies between node:http and the library.
 */
const { databaseUrl, port, client, machine, redirectUri } = JSON.parse(process.env['BENCH_BASELINE'] ?? '{}');
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl }) });

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signingKey = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'baseline' };

const provider = new Provider(`http://localhost:${port}`, {
  adapter: prismaAdapter(prisma),
  jwks: { keys: [signingKey] },
  cookies: { keys: ['baseline'] },
  clients: [
    {
      client_id: client.id,
      client_secret: client.secret,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: 'ES256',
    },
    {
      client_id: machine.id,
      client_secret: machine.secret,
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: ['openid', 'offline_access'],
  features: {
    introspection: { enabled: true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
    // The library's own pages: any name signs in. They are used for seeding and are on no measured path.
    devInteractions: { enabled: true },
  },
  rotateRefreshToken: true,
  ttl: {
    AccessToken: 600,
    ClientCredentials: 600,
    IdToken: 600,
    RefreshToken: 14 * 86_400,
    Grant: 14 * 86_400,
    Session: 86_400,
    Interaction: 3600,
  },
  async findAccount(_ctx, id) {
    const [account] = await prisma.$queryRaw`SELECT id, username FROM person WHERE id = ${id}`;
    if (!account) return undefined;
    return { accountId: account.id, claims: async () => ({ sub: account.id }) };
  },
});

const server = createServer(provider.callback());
server.listen(port, '127.0.0.1', () => process.stdout.write('ready\n'));
process.on('SIGTERM', () => {
  server.close(() => process.exit());
  server.closeAllConnections();
});
