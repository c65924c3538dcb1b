import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** The API whose access tokens are signed instead of sealed. */
export const signedApi = 'https://signed.bench.example.test';
/** The API that the gateway protects. */
export const guardedApi = 'https://guarded.bench.example.test';
/** An API that the one behind the gateway calls for people. */
export const calledApi = 'https://called.bench.example.test';

const redirectUri = 'https://client.example.test/callback';

/**
 * Registers a person and the clients of the bench in an empty database, through the product's own services, as an
 * operator's tools would; with `inactivityTimeout`, everybody may be silent for that long, and `clientPolicy` has settings for every client
 * that has sessions.
 */
export async function register(databaseUrl, secret, { inactivityTimeout, clientPolicy } = {}) {
  const [{ loadConfiguration }, { PrismaService }, accounts, clients] = await Promise.all([
    import('@curfew/config'),
    import('@curfew/persistence'),
    import('@curfew/accounts'),
    import('@curfew/clients'),
  ]);
  const environment = { DATABASE_URL: databaseUrl, CURFEW_KEY_ENCRYPTION_SECRETS: secret };
  const prisma = new PrismaService(loadConfiguration(environment).database);
  const clock = { now: () => Date.now() };
  try {
    const person = { username: 'person@example.test', password: randomBytes(24).toString('base64url') };
    const throttle = new accounts.SignInThrottle(
      new accounts.Throttle(prisma, clock),
      accounts.defaultSignInLimits,
    );
    const hasher = new accounts.PasswordHasher(accounts.defaultHashing());
    await new accounts.AccountService({ prisma, clock, hasher, throttle }).create(person);
    const policies = new clients.PolicyService(prisma, clock);
    if (inactivityTimeout) {
      const settings = { basedOn: 'standard', inactivityTimeout };
      await policies.save({ name: 'patient', previous: 0, settings, createdBy: 'bench' });
      await policies.attach({ kind: 'everyone' }, 'patient');
    }
    const resources = new clients.ResourceService(prisma, clock);
    const api = { scopes: ['read'] };
    await resources.create({
      ...api,
      audience: signedApi,
      name: 'API with signed tokens',
      tokenFormat: 'jwt',
    });
    await resources.create({ ...api, audience: guardedApi, name: 'API behind the gateway' });
    await resources.create({ ...api, audience: calledApi, name: 'API that is called for people' });
    const service = new clients.ClientService({ prisma, clock, rules: { allowPrivateAddresses: false } });
    const create = async (id, registration) => {
      const made = await service.create({ client_name: id, ...registration }, { id });
      return { id, secret: made.secret ?? undefined, redirectUri };
    };
    const session = { redirect_uris: [redirectUri], grant_types: ['authorization_code', 'refresh_token'] };
    const registered = {
      person,
      web: await create('web', session),
      signed: await create('signed', { ...session, resources: [signedApi] }),
      guarded: await create('guarded', { ...session, resources: [guardedApi] }),
      api: await create('api', {
        grant_types: ['urn:ietf:params:oauth:grant-type:token-exchange'],
        resource: guardedApi,
        token_exchange: [{ resource: calledApi, scope: 'read' }],
      }),
      called: await create('called', { grant_types: [], resource: calledApi }),
      asserting: await createAsserting(create, session),
      spa: await create('spa', { ...session, token_endpoint_auth_method: 'none' }),
      machine: await create('machine', { grant_types: ['client_credentials'] }),
    };
    if (clientPolicy) {
      const settings = { basedOn: 'standard', ...clientPolicy };
      await policies.save({ name: 'of-clients', previous: 0, settings, createdBy: 'bench' });
      for (const id of ['web', 'signed', 'guarded', 'asserting', 'spa'])
        await policies.attach({ kind: 'client', id }, 'of-clients');
    }
    return registered;
  } finally {
    await prisma.$disconnect();
  }
}

/** A client that proves who it is with its key (`private_key_jwt`). */
async function createAsserting(create, session) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = 'asserting';
  const names = { kid: 'one', alg: 'ES256', use: 'sig' };
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), ...names }] };
  const made = await create(id, { ...session, token_endpoint_auth_method: 'private_key_jwt', jwks });
  return {
    ...made,
    secret: undefined,
    privateJwk: { ...privateKey.export({ format: 'jwk' }), kid: names.kid },
  };
}
