import { generateKeyPairSync } from 'node:crypto';
import { dpopProof } from '../load/dpop.mjs';
import { signIn } from '../subjects/curfew.mjs';
import {
  copiedNames,
  copyAccounts,
  copyClients,
  copyConsents,
  copySession,
  sessionId,
  tokenSecret,
} from './curfew-sessions.mjs';
import { addPasskeys } from './passkeys.mjs';
import { guardedApi, signedApi } from './register.mjs';
import { seeding } from './seeding.mjs';
import { spread } from './spread.mjs';

const sessionsPerAccount = 4;
/** People who sign in: few enough to be named in one message, and many enough that nobody signs in twice at a time. */
const mostAtOnce = 500;

/**
 * Seeds Curfew: one session of each kind through the real pages, the rest copied from it. Names of the driver's pools
 * come back; the driver knows each copy's live token because it can compute it, given the service's own key.
 */
export async function seedCurfew({
  subject,
  databaseUrl,
  secret,
  generator,
  sessions,
  driven,
  sideSessions,
}) {
  const codec = await tokenCodec(secret);
  const { web, spa, signed, guarded, asserting, person } = subject.registered;
  const key = newKey();
  const firstAt = Date.now() - 50_000_000;
  const real = async (client, more) =>
    codec.decode((await signIn(subject, client, more)).refreshToken).sessionId;
  const templates = {
    chains: await real(web),
    public: await real(spa),
    bound: await real(spa, { headersOf: (url) => ({ dpop: dpopProof(key, url) }) }),
    asserted: await real(asserting),
    signed: await real(signed, { scope: 'offline_access read', resource: signedApi }),
    guarded: await real(guarded, { scope: 'offline_access read', resource: guardedApi }),
  };
  const {
    clients: others,
    accounts,
    passkeys,
  } = await seeding(databaseUrl, async (database) => {
    const accounts = await copyAccounts(database, person.username, Math.ceil(sessions / sessionsPerAccount));
    await copyConsents(database, person.username, accounts);
    const clients = await copyClients(database, web.id, 1000);
    // The last ones: whoever has a passkey is asked for it after a password, and signs in by password in no path.
    const holders = accounts.slice(-Math.ceil(Math.min(accounts.length / 4, mostAtOnce)));
    const passkeys = await addPasskeys(database, holders, subject.issuer);
    const copy = (kind, template, count, more) =>
      copySession(database, { template, kind, firstAt, count, accounts, ...more });
    await copy('chains', templates.chains, sessions);
    await copy('clients', templates.chains, sideSessions, { clients });
    await copy('spent', templates.chains, sideSessions);
    for (const kind of ['public', 'bound', 'asserted', 'signed', 'guarded'])
      await copy(kind, templates[kind], sideSessions);
    for (const table of ['session', 'account', 'consent', 'client', 'passkey'])
      await database.query(`VACUUM (ANALYZE) ${table}`);
    return { clients, accounts, passkeys };
  });
  const byPassword = accounts.length - passkeys.length;
  const pools = { sizes: {}, people: copiedNames(Math.min(byPassword, mostAtOnce)), passkeys };
  const load = async (pool, items) => {
    pools[pool] = `curfew/${pool}`;
    pools.sizes[pool] = items.length;
    await generator.call('load', { pool: pools[pool], items });
  };
  const chains = (kind, numbers, more = () => ({})) =>
    load(
      kind,
      numbers.map((n) => ({ refreshToken: tokenOf(codec, kind, n, firstAt), ...more(n) })),
    );
  const side = spread(sideSessions, sideSessions);
  await chains('chains', spread(sessions, driven));
  await chains('clients', side, (n) => ({ client: { ...web, id: others[n % others.length] } }));
  await chains('bound', side, () => ({ key }));
  for (const kind of ['public', 'asserted', 'signed', 'guarded', 'spent']) await chains(kind, side);
  await load(
    'codes',
    Array.from({ length: 2000 }, () => ({})),
  );
  await load(
    'machine',
    Array.from({ length: 1000 }, () => ({})),
  );
  await load(
    'accounts',
    accounts.slice(0, 1000).map((account) => ({ account })),
  );
  await load(
    'wrong',
    Array.from({ length: 1000 }, (_, n) => ({ accessToken: `cfw_at_${'A'.repeat(60)}${n}` })),
  );
  return pools;
}

const tokenOf = (codec, kind, n, firstAt) =>
  codec.encode({ sessionId: sessionId(kind, n, firstAt), generation: 0, secret: tokenSecret(kind, n) });

// The product's own token library: it makes the tokens, the bench only chooses their secrets.
async function tokenCodec(secret) {
  const { KeyRing, RefreshTokenCodec, ServiceKeys } = await import('@curfew/tokens');
  return new RefreshTokenCodec(new KeyRing(new ServiceKeys([secret]).derive('refresh token mac')));
}

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateJwk: privateKey.export({ format: 'jwk' }), publicJwk: publicKey.export({ format: 'jwk' }) };
}
