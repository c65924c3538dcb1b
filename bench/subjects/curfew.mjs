import { randomBytes } from 'node:crypto';
import { Browser } from '../load/browser.mjs';
import { Connection } from '../load/connection.mjs';
import { codeRequest } from '../load/operations.mjs';
import { createDatabase } from '../machine/cluster.mjs';
import { residentBytes } from '../machine/cpu.mjs';
import { freePort, startServer } from '../machine/server-process.mjs';
import { seedCurfew } from '../seed/curfew.mjs';
import { register } from '../seed/register.mjs';
import { scenariosOf } from './curfew-scenarios.mjs';

const scope = 'openid offline_access';

/**
 * Starts the product as in production with that many sessions, the driver holding `driven` of them; of each other kind
 * there are `sideSessions`. `settings` are further ones of the environment, `clientPolicy` is under which policy clients are.
 */
export async function startCurfew({
  cluster,
  generator,
  sideSessions = 2000,
  cpuProfile,
  workers,
  inactivityTimeout,
  clientPolicy,
  settings = {},
  ...size
}) {
  const databaseUrl = await createDatabase(cluster, 'measured');
  const { migrate } = await import('@curfew/persistence');
  await migrate(databaseUrl);
  const secret = randomBytes(32).toString('base64url');
  const registered = await register(databaseUrl, secret, { inactivityTimeout, clientPolicy });
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const environment = {
    CURFEW_MODE: 'production',
    CURFEW_ISSUER: issuer,
    CURFEW_AUTH_PORT: String(port),
    CURFEW_KEY_ENCRYPTION_SECRETS: secret,
    // Everybody here comes from one address; guessing is not what is measured.
    CURFEW_THROTTLE_SIGN_IN: '100000/15m',
    CURFEW_THROTTLE_SIGN_IN_NETWORK: '100000/15m',
    CURFEW_THROTTLE_REFRESH: '100000/1m',
    DATABASE_URL: databaseUrl,
    ...(workers === undefined ? {} : { CURFEW_WORKERS: String(workers) }),
    ...settings,
  };
  const start = () =>
    startServer({
      // A profile names files; in a bundle there are few.
      script: `apps/auth-server/dist/${cpuProfile ? 'serve' : 'main'}.js`,
      flags: cpuProfile ? ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`] : [],
      environment,
      readyUrl: `${issuer}/health/ready`,
    });
  let server = await start();
  const residentAtStart = residentBytes(server.pid)[0];
  const stop = () => server.stop();
  try {
    const subject = {
      name: 'curfew',
      get pid() {
        return server.pid;
      },
      async crashAndRestart() {
        await server.crash();
        server = await start();
      },
      /** One more node at the same database, with further settings. */
      async startAnother(further = {}) {
        const port = await freePort();
        const readyUrl = `${issuer.replace(/\d+$/, String(port))}/health/ready`;
        const another = await startServer({
          script: 'apps/auth-server/dist/main.js',
          environment: { ...environment, CURFEW_AUTH_PORT: String(port), ...further },
          readyUrl,
        });
        return { ...another, port };
      },
      /** A second node, for people, as docs/operations.md says: at a lower priority. */
      async startForPeople() {
        const port = await freePort();
        const readyUrl = `${issuer.replace(/\d+$/, String(port))}/health/ready`;
        const people = await startServer({
          script: 'apps/auth-server/dist/main.js',
          before: ['nice', '-n', '15'],
          environment: { ...environment, CURFEW_AUTH_PORT: String(port) },
          readyUrl,
        });
        return { ...people, port };
      },
      port,
      database: 'measured',
      issuer,
      environment,
      residentAtStart,
      target: { endpoints: await discover(issuer) },
      registered,
      scope,
      stop,
    };
    subject.client = registered.web;
    subject.introspector = registered.web;
    subject.newSession = () => signIn(subject, registered.web);
    const pools = await seedCurfew({ subject, databaseUrl, secret, generator, sideSessions, ...size });
    subject.scenarios = scenariosOf(subject, pools);
    return subject;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function discover(issuer) {
  const found = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  return {
    authorization: found.authorization_endpoint,
    token: found.token_endpoint,
    introspection: found.introspection_endpoint,
    revocation: found.revocation_endpoint,
  };
}

/** One session through the real pages: sign in, consent, redeem the code. */
export async function signIn(subject, client, { headersOf = () => ({}), ...asked } = {}) {
  const { port, target, registered } = subject;
  const connection = new Connection(port);
  try {
    const code = await new Browser().authorize(connection, {
      endpoint: target.endpoints.authorization,
      client,
      redirectUri: client.redirectUri,
      scope: subject.scope,
      person: registered.person,
      ...asked,
    });
    const url = new URL(target.endpoints.token);
    const answer = await connection.send(codeRequest(url, client, code, headersOf(url)));
    const body = JSON.parse(answer.body);
    if (!body.refresh_token) throw new Error(`no refresh token: ${body.error_description ?? answer.status}`);
    return { refreshToken: body.refresh_token, accessToken: body.access_token };
  } finally {
    connection.close();
  }
}
