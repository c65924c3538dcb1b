import { generateKeyPairSync } from 'node:crypto';
import { dpopProof } from '../load/dpop.mjs';
import { clientOf, signIn } from '../subjects/curfew.mjs';
import {
  copyAccounts,
  copyClients,
  copySession,
  seeding,
  sessionId,
  tokenSecret,
} from './curfew-sessions.mjs';
import { spread } from './spread.mjs';

const sideSessions = 2000;
const sessionsPerAccount = 4;

/**
 * Seeds Curfew: one session of each kind through the real pages, the rest copied from it. Names of the driver's pools
 * come back; the driver knows each copy's live token because it can compute it, given the service's own key.
 */
export async function seedCurfew({ subject, databaseUrl, secret, generator, sessions, driven }) {
  const codec = await tokenCodec(secret);
  const web = clientOf(subject.firstRun.clients.web);
  const spa = clientOf(subject.firstRun.clients.spa);
  const key = newKey();
  const firstAt = Date.now() - 50_000_000;
  const real = {
    web: codec.decode((await signIn(subject, web)).refreshToken).sessionId,
    public: codec.decode((await signIn(subject, spa)).refreshToken).sessionId,
    bound: codec.decode((await signIn(subject, spa, (url) => ({ dpop: dpopProof(key, url) }))).refreshToken)
      .sessionId,
  };
  const many = await seeding(databaseUrl, async (database) => {
    const accounts = await copyAccounts(
      database,
      subject.firstRun.accounts[0].username,
      Math.ceil(sessions / sessionsPerAccount),
    );
    const clients = await copyClients(database, web.id, 1000);
    const copy = (kind, template, count, more) =>
      copySession(database, { template, kind, firstAt, count, accounts, ...more });
    await copy('web', real.web, sessions);
    await copy('clients', real.web, sideSessions, { clients });
    await copy('spent', real.web, sideSessions);
    await copy('public', real.public, sideSessions);
    await copy('bound', real.bound, sideSessions);
    await database.query('VACUUM (ANALYZE) session');
    await database.query('VACUUM (ANALYZE) account');
    return clients;
  });
  const chain = (kind, n, more) => ({
    refreshToken: codec.encode({
      sessionId: sessionId(kind, n, firstAt),
      generation: 0,
      secret: tokenSecret(kind, n),
    }),
    ...more,
  });
  const load = async (pool, items) => {
    await generator.call('load', { pool: `curfew/${pool}`, items });
    return `curfew/${pool}`;
  };
  const side = spread(sideSessions, sideSessions);
  const pools = {
    chains: await load(
      'chains',
      spread(sessions, driven).map((n) => chain('web', n)),
    ),
    publicChains: await load(
      'public',
      side.map((n) => chain('public', n)),
    ),
    boundChains: await load(
      'bound',
      side.map((n) => chain('bound', n, { key })),
    ),
    clientChains: await load(
      'clients',
      side.map((n) => chain('clients', n, { client: { ...web, id: many[n % many.length] } })),
    ),
    spent: await load(
      'spent',
      side.map((n) => chain('spent', n)),
    ),
    codes: await load(
      'codes',
      Array.from({ length: 400 }, () => ({})),
    ),
    machine: await load(
      'machine',
      Array.from({ length: 1000 }, () => ({})),
    ),
    wrong: await load(
      'wrong',
      Array.from({ length: 1000 }, (_, n) => ({ accessToken: `cfw_at_${'A'.repeat(60)}${n}` })),
    ),
  };
  return { web, pools };
}

// The product's own token library: it makes the tokens, the bench only chooses their secrets.
async function tokenCodec(secret) {
  const { KeyRing, RefreshTokenCodec, ServiceKeys } = await import('@curfew/sessions');
  return new RefreshTokenCodec(new KeyRing(new ServiceKeys([secret]).derive('refresh token')));
}

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateJwk: privateKey.export({ format: 'jwk' }), publicJwk: publicKey.export({ format: 'jwk' }) };
}
