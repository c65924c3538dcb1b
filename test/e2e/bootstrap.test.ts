import assert from 'node:assert';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/ports.js';
import { startServer } from '../support/server.js';

describe('a new installation in production', () => {
  let database: TestDatabase;
  const secrets = randomBytes(32).toString('hex');

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(async () => database?.drop());

  const bootstrap = (settings: Readonly<Record<string, string>>, ...flags: string[]) =>
    new Promise<{ status: number | null; out: string; err: string }>((resolve) => {
      const child = spawn(process.execPath, ['apps/admin-api/dist/bootstrap.js', ...flags], {
        env: { PATH: process.env['PATH'] ?? '', ...settings },
      });
      let out = '';
      let err = '';
      child.stdout.on('data', (text) => {
        out += text;
      });
      child.stderr.on('data', (text) => {
        err += text;
      });
      child.once('close', (status) => resolve({ status, out, err }));
    });

  it('gets no administrator for an address that nobody named', async () => {
    const made = await bootstrap({
      CURFEW_MODE: 'production',
      CURFEW_ISSUER: 'https://login.example.test',
      CURFEW_KEY_ENCRYPTION_SECRETS: secrets,
      DATABASE_URL: database.url,
    });
    expect(made).toMatchObject({ status: 78, out: '' });
    expect(made.err).toContain('CURFEW_ADMIN_URL must be set explicitly in production');
  });

  it('gets its first administrator by one command, once, and the secret opens the token endpoint', async () => {
    const port = await freePort();
    const adminUrl = 'http://localhost:9';
    const settings = {
      CURFEW_MODE: 'production',
      CURFEW_ISSUER: `http://localhost:${port}`,
      CURFEW_ADMIN_URL: adminUrl,
      CURFEW_KEY_ENCRYPTION_SECRETS: secrets,
      DATABASE_URL: database.url,
    };
    // If two run at once, one makes it and the other one says so.
    const both = await Promise.all([bootstrap(settings), bootstrap(settings)]);
    const [made, late] = both.sort((one, other) => (one.status ?? 9) - (other.status ?? 9));
    expect([made?.status, late?.status, late?.out]).toEqual([0, 1, '']);
    assert(made);
    const { client_id, client_secret, scope } = JSON.parse(made.out) as Record<string, string>;

    const again = await bootstrap(settings);
    expect(again.status).toBe(1);
    expect(again.out).toBe('');
    expect(again.err).toContain(client_id);

    const server = await startServer({
      databaseUrl: database.url,
      settings: { ...settings, CURFEW_AUTH_PORT: String(port), CURFEW_DEV_FILE: '' },
    });
    try {
      const answer = await fetch(`${server.issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource: adminUrl,
          scope: scope ?? '',
        }),
      });
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ token_type: 'Bearer', scope });
    } finally {
      await server.stop();
    }
  }, 60_000);

  it('gets a full administrator again where nobody is one, whatever took them away, and only there', async () => {
    const settings = {
      CURFEW_MODE: 'production',
      CURFEW_ISSUER: 'https://login.example.test',
      CURFEW_ADMIN_URL: 'http://localhost:9',
      CURFEW_KEY_ENCRYPTION_SECRETS: secrets,
      DATABASE_URL: database.url,
    };
    const repaired = () => bootstrap(settings, '--repair');
    expect(await repaired()).toMatchObject({
      status: 0,
      out: '',
      err: expect.stringContaining('nothing was changed'),
    });
    for (const lost of [`scopes = '{}'`, `token_format = 'jwt', signing_alg = 'ES256'`]) {
      await database.query(`UPDATE resource SET ${lost}`);
      expect(await repaired()).toMatchObject({
        status: 0,
        out: '',
        err: expect.stringContaining('was repaired'),
      });
    }
    for (const lost of [
      'UPDATE client SET disabled_at = now()',
      'DELETE FROM client_secret',
      'DELETE FROM client',
    ]) {
      await database.query(lost);
      const { status, out } = await repaired();
      expect([lost, status, JSON.parse(out)]).toEqual([
        lost,
        0,
        expect.objectContaining({
          client_secret: expect.stringMatching(/^cfw_cs_/),
          resource: 'http://localhost:9',
        }),
      ]);
      expect((await repaired()).out).toBe('');
    }
    // It is one commit: without the client there is no API either.
    await database.query('DELETE FROM client');
    await database.query('DELETE FROM resource');
    await database.query('ALTER TABLE client ADD CONSTRAINT none CHECK (false)');
    expect((await repaired()).status).toBe(1);
    expect(await database.query('SELECT audience FROM resource')).toEqual([]);
    await database.query('ALTER TABLE client DROP CONSTRAINT none');
    expect(JSON.parse((await repaired()).out)).toMatchObject({ resource: 'http://localhost:9' });
    expect(await bootstrap(settings, '--repiar')).toMatchObject({ status: 2, out: '' });
  }, 120_000);
});

describe('a database with first-run data', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    const server = await startServer({ databaseUrl: database.url });
    await server.stop();
  }, 60_000);
  afterAll(async () => database?.drop());

  it.each([
    ['authorization server', 'apps/auth-server/dist/main.js', 'CURFEW_AUTH_PORT'],
    ['admin API', 'apps/admin-api/dist/main.js', 'CURFEW_ADMIN_PORT'],
  ])('is refused in production by the %s, in the same words', async (_, main, portSetting) => {
    const started = startServer({
      databaseUrl: database.url,
      main,
      listensAt: { portSetting, urlSetting: 'CURFEW_ADMIN_URL' },
      settings: {
        CURFEW_MODE: 'production',
        CURFEW_ISSUER: 'https://login.example.test',
        CURFEW_DEV_FILE: '',
      },
    });
    await expect(started).rejects.toThrow(
      /DATABASE_URL names a database with first-run data, which production refuses/,
    );
  });
});
