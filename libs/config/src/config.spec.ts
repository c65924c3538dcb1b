import { inspect } from 'node:util';
import fc from 'fast-check';
import { arrange } from './configuration.js';
import { globalRevocationEndpoint } from './global-revocation.js';
import { ConfigurationError, loadConfiguration, type Needs, refuseFirstRunData } from './index.js';
import { manual } from './manual.js';
import { developmentSecretPrefix } from './relations.js';
import { type Settings, schema } from './schema.js';
import { Secret } from './secret.js';

const secretText = 'a-key-encryption-secret-of-forty-characters';
const enough = {
  DATABASE_URL: 'postgresql://curfew:hunter2@db.example:5432/curfew',
  CURFEW_KEY_ENCRYPTION_SECRETS: secretText,
};
const production = { ...enough, CURFEW_MODE: 'production', CURFEW_ISSUER: 'https://id.example.test' };

/** The faults of an environment as text, one per line; none when it loads. */
function faultsOf(env: Record<string, string | undefined>, needs?: Needs): string[] {
  try {
    loadConfiguration(env, needs);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.faults.map(({ setting, rule }) => `${setting} ${rule}`);
  }
}

describe('loadConfiguration', () => {
  it('has a sound default for everything but the database and the key-encryption secrets', () => {
    const configuration = loadConfiguration(enough);
    expect(configuration).toMatchObject({
      mode: 'development',
      issuer: 'http://localhost:3000',
      listen: { auth: { host: '127.0.0.1', port: 3000 }, admin: { port: 3001 }, gateway: { port: 3002 } },
      proxy: { trustedHops: 0, deviceHeader: undefined },
      limits: { bodyBytes: 57_344, requestTimeoutMs: 20_000, sendTimeoutMs: 60_000 },
      signingKeys: { rotationAge: 2_592_000, publishAhead: 86_400, keptFor: 1_209_600 },
      throttles: { refresh: { count: 30, window: 60 } },
      virtualClock: false,
      scenarios: false,
      cookies: { secure: false },
      workers: 1,
    });
    expect(configuration.database.url.reveal()).toBe(enough.DATABASE_URL);
    expect(configuration.keyEncryptionSecrets.map((secret) => secret.reveal())).toEqual([secretText]);
  });

  it('reports every fault at once, by name and never by value', () => {
    const env = {
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      CURFEW_MODE: 'staging-hunter2',
      CURFEW_ISSUER: 'https://admin:hunter2@id.example/',
      CURFEW_KEY_ENCRYPTION_SECRETS: 'short-hunter2',
      CURFEW_KEY_ROTATION_AGE: 'hunter2',
      CURFEW_BODY_LIMIT: '2MiB',
      CURFEW_TRUSTED_HOPS: '-1',
      CURFEW_ISUER: 'hunter2',
    };
    expect(faultsOf(env).map((line) => line.split(' ')[0])).toEqual([
      'CURFEW_MODE',
      'CURFEW_ISSUER',
      'CURFEW_KEY_ENCRYPTION_SECRETS',
      'DATABASE_URL',
      'CURFEW_TRUSTED_HOPS',
      'CURFEW_BODY_LIMIT',
      'CURFEW_KEY_ROTATION_AGE',
      'CURFEW_ISUER',
    ]);
    expect(() => loadConfiguration(env)).toThrow(/8 faults/);
    expect(faultsOf(env).join()).not.toMatch(/hunter2|2MiB|staging/);
  });

  it('never repeats a value, whatever it is', () => {
    const names = Object.keys(schema.shape);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.stringMatching(/^[ -~]{12,40}$/), (name, value) => {
        const marked = `Zq${value}qZ`;
        expect(faultsOf({ ...enough, [name]: marked }).join()).not.toContain(marked);
      }),
    );
  });

  it('counts an empty variable as unset', () => {
    expect(faultsOf({ ...enough, CURFEW_ISSUER: '', CURFEW_ADMIN_PORT: ' ', CURFEW_DEV_FILE: '' })).toEqual(
      [],
    );
    expect(loadConfiguration({ ...enough, CURFEW_DEV_FILE: '' }).devFile).toBeUndefined();
  });

  it('names what is missing, unless the process does without it', () => {
    expect(faultsOf({})).toEqual(['DATABASE_URL must be set', 'CURFEW_KEY_ENCRYPTION_SECRETS must be set']);
    expect(faultsOf({}, { database: false, keys: false })).toEqual([]);
  });

  it('takes several key-encryption secrets, newest first, and wants each long and different', () => {
    const older = 'an-older-key-encryption-secret-of-43-chars!';
    const { keyEncryptionSecrets } = loadConfiguration({
      ...enough,
      CURFEW_KEY_ENCRYPTION_SECRETS: `${secretText}, ${older}`,
    });
    expect(keyEncryptionSecrets.map((secret) => secret.reveal())).toEqual([secretText, older]);
    for (const bad of ['x'.repeat(31), `${secretText},${secretText}`, `${secretText},`])
      expect(faultsOf({ ...enough, CURFEW_KEY_ENCRYPTION_SECRETS: bad })).toHaveLength(1);
  });

  it.each([
    ['CURFEW_KEY_PUBLISH_AHEAD', { CURFEW_KEY_PUBLISH_AHEAD: '30d' }],
    ['CURFEW_DATABASE_STATEMENT_TIMEOUT', { CURFEW_DATABASE_STATEMENT_TIMEOUT: '11s' }],
    ['CURFEW_HEADERS_TIMEOUT', { CURFEW_HEADERS_TIMEOUT: '21s' }],
    ['CURFEW_DEVICE_HEADER', { CURFEW_DEVICE_HEADER: 'X-Device' }],
    ['CURFEW_TLS_FINGERPRINT_HEADER', { CURFEW_TLS_FINGERPRINT_HEADER: 'X-JA4' }],
    ['CURFEW_GATEWAY_PORT', { CURFEW_GATEWAY_PORT: '3001' }],
  ])('checks how %s stands to other settings', (name, env) => {
    const faults = faultsOf({ ...enough, ...env });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name} (must|needs)`));
  });

  it('believes a proxy header once there is a trusted proxy', () => {
    const env = { ...enough, CURFEW_TRUSTED_HOPS: '1', CURFEW_DEVICE_HEADER: 'X-Device' };
    expect(loadConfiguration(env).proxy).toMatchObject({ trustedHops: 1, deviceHeader: 'X-Device' });
  });

  it.each([
    ['15m', 900],
    ['8h', 28_800],
    ['400d', 34_560_000],
  ])('reads the duration %s as %i seconds', (text, expected) => {
    expect(loadConfiguration({ ...enough, CURFEW_COOKIE_LIFETIME: text }).cookies.lifetime).toBe(expected);
  });

  it.each(['15', '15 m', '1.5h', '-5m', '5M', '1w', '0s', '401d', '300001ms', '1e3s', '٥m'])(
    'refuses the duration %s',
    (text) => {
      expect(faultsOf({ ...enough, CURFEW_COOKIE_LIFETIME: text })).toHaveLength(1);
    },
  );

  it.each(['0/1m', '5/0s', '5', '5/1w', '5/2d', '/1m'])('refuses the rate %s', (text) => {
    expect(faultsOf({ ...enough, CURFEW_THROTTLE_REFRESH: text })).toHaveLength(1);
  });

  it.each([
    'https://id.example/',
    'https://id.example?x',
    'ftp://id.example',
    'id.example',
    'https://u@id.example',
  ])('refuses the issuer %s', (issuer) => {
    expect(faultsOf({ ...enough, CURFEW_ISSUER: issuer })).toHaveLength(1);
  });

  it('takes an issuer with a path', () => {
    expect(loadConfiguration({ ...enough, CURFEW_ISSUER: 'https://example.test/id' }).cookies.secure).toBe(
      true,
    );
  });
});

describe('production', () => {
  it('starts with an explicit https issuer and own secrets', () => {
    expect(loadConfiguration(production).mode).toBe('production');
  });

  it.each([
    ['without an explicit issuer', { CURFEW_ISSUER: undefined }, 'CURFEW_ISSUER'],
    ['with plain http on a public issuer', { CURFEW_ISSUER: 'http://id.example.test' }, 'CURFEW_ISSUER'],
    ['with plain http on a look-alike', { CURFEW_ISSUER: 'http://localhost.example.test' }, 'CURFEW_ISSUER'],
    [
      'without key-encryption secrets',
      { CURFEW_KEY_ENCRYPTION_SECRETS: '' },
      'CURFEW_KEY_ENCRYPTION_SECRETS',
    ],
    [
      'with secrets made up for development',
      { CURFEW_KEY_ENCRYPTION_SECRETS: developmentSecretPrefix + secretText },
      'CURFEW_KEY_ENCRYPTION_SECRETS',
    ],
    ['with a clock that can be moved', { CURFEW_VIRTUAL_CLOCK: 'true' }, 'CURFEW_VIRTUAL_CLOCK'],
    ['with a file of first-run data', { CURFEW_DEV_FILE: '.curfew/dev.json' }, 'CURFEW_DEV_FILE'],
  ])('refuses to start %s', (_, env, name) => {
    const faults = faultsOf({ ...production, ...env });
    expect(faults.map((line) => line.split(' ')[0])).toEqual([name]);
    expect(faultsOf({ ...production, ...env, CURFEW_MODE: 'development' }).join()).not.toContain(
      'production',
    );
  });

  it('allows plain http where the issuer is this machine', () => {
    for (const issuer of ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000'])
      expect(faultsOf({ ...production, CURFEW_ISSUER: issuer })).toEqual([]);
  });

  it('wants the address of the admin API from whoever writes it down', () => {
    const unnamed = { ...production, CURFEW_ADMIN_URL: '' };
    expect(faultsOf(unnamed, { explicitAdminUrl: true })).toEqual([
      'CURFEW_ADMIN_URL must be set explicitly in production',
    ]);
    expect(faultsOf(unnamed)).toEqual([]);
    expect(faultsOf({ ...unnamed, CURFEW_MODE: 'development' }, { explicitAdminUrl: true })).toEqual([]);
    const named = { ...production, CURFEW_ADMIN_URL: 'https://admin.example.test' };
    expect(faultsOf(named, { explicitAdminUrl: true })).toEqual([]);
  });

  it.each([
    ['production', '', null],
    ['production', 'https://admin.example.test', 'https://admin.example.test/v1/global-token-revocation'],
    ['development', '', 'http://localhost:3001/v1/global-token-revocation'],
  ])(
    'tells others where a person is revoked only if the address is known: %s %s',
    (mode, admin, endpoint) => {
      const environment = { ...production, CURFEW_MODE: mode, CURFEW_ADMIN_URL: admin };
      expect(globalRevocationEndpoint(loadConfiguration(environment))).toBe(endpoint);
    },
  );

  it('refuses a database with first-run data', async () => {
    const nothing = { firstRun: async () => [] };
    const something = { firstRun: async () => ['made up'] };
    for (const one of [
      { accounts: something, clients: nothing },
      { accounts: nothing, clients: something },
    ]) {
      await expect(refuseFirstRunData('production', one)).rejects.toThrow(/first-run data/);
      await refuseFirstRunData('development', one);
    }
    await refuseFirstRunData('production', { accounts: nothing, clients: nothing });
  });
});

describe('Secret', () => {
  it('does not print', () => {
    const secret = new Secret('hunter2');
    const printed = [
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9 }),
      String([secret]),
    ];
    for (const text of printed) expect(text).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });

  it('hands every setting on to the processes, under a name of the configuration', () => {
    const read = new Set<string>(['DATABASE_URL', 'CURFEW_KEY_ENCRYPTION_SECRETS']); // handed over beside the settings
    const every = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, name]));
    const settings = new Proxy<Settings>(Object.assign({} as Settings, every), {
      get: (_, name) => {
        read.add(String(name));
        return name === 'CURFEW_MODE' ? 'production' : String(name);
      },
    });
    arrange(settings, new Secret(''), []);
    expect([...read].sort()).toEqual(Object.keys(schema.shape).sort());
  });

  it('keeps a whole configuration safe to log', () => {
    const printed =
      inspect(loadConfiguration(enough), { depth: 9 }) + JSON.stringify(loadConfiguration(enough));
    expect(printed).not.toContain('hunter2');
    expect(printed).not.toContain(secretText);
  });
});

describe('manual', () => {
  it('names what a server lets stand besides', () => {
    for (const name of ['CURFEW_HOME', 'CURFEW_CALLBACK_PORT', 'CURFEW_CLI_CLIENT_ID']) {
      expect(faultsOf({ ...enough, [name]: 'x' })).toEqual([]);
      expect(manual()).toContain(`\n- \`${name}\`: `);
    }
  });

  it('describes every setting with a default that is itself valid', () => {
    const text = manual();
    for (const [name, one] of Object.entries(schema.shape)) {
      expect(text).toMatch(new RegExp(`^\\| \`${name}\` +\\| `, 'm'));
      const { default: preset } = one.meta() as { default?: string };
      if (preset !== undefined) expect(one.safeParse(undefined)).toEqual(one.safeParse(preset));
    }
    expect(text).not.toContain('undefined');
  });
});
