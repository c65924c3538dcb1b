import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { isInstalled, type OtherProxy, startNginxForLogin } from '../support/other-proxies.js';
import { Person } from '../support/person.js';
import { freePort } from '../support/ports.js';
import { type FirstRunData, type RunningServer, startServer } from '../support/server.js';
import { pkce } from './protocol-world.js';

const withNginx = isInstalled('nginx') ? describe : describe.skip;

withNginx('two authorization servers behind nginx, one for programs and one for people', () => {
  let database: TestDatabase;
  let programs: RunningServer;
  let people: RunningServer;
  let nginx: OtherProxy;
  let application: Server;
  let data: FirstRunData;
  let issuer: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const port = await freePort();
    issuer = `http://localhost:${port}`;
    const callbackPort = await freePort();
    application = createServer((_request, response) => response.end('back')).listen(callbackPort);
    const settings = {
      CURFEW_ISSUER: issuer,
      CURFEW_TRUSTED_HOPS: '1',
      CURFEW_LOG_LEVEL: 'info',
      CURFEW_CALLBACK_PORT: String(callbackPort),
    };
    programs = await startServer({ databaseUrl: database.url, settings });
    const { CURFEW_AUTH_PORT: _, ...same } = programs.environment;
    people = await startServer({ databaseUrl: database.url, settings: same });
    nginx = await startNginxForLogin(port, programs.port, people.port);
    data = await programs.firstRunData();
  }, 90_000);
  afterAll(async () => {
    application?.close();
    await nginx?.stop();
    await people?.kill();
    await programs?.kill();
    await database?.drop();
  });

  async function signIn(): Promise<{ access_token?: string; refresh_token?: string }> {
    const { client_id, redirect_uris } = data.clients.spa;
    const { verifier, challenge } = pkce();
    const redirect_uri = redirect_uris[0]!;
    const query = new URLSearchParams({
      client_id,
      redirect_uri,
      response_type: 'code',
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const { username, password } = data.accounts[0]!;
    const person = new Person(username, password);
    const { url } = await person.follow(`${issuer}/authorize?${query}`);
    const code = url.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', client_id, redirect_uri, code, code_verifier: verifier };
    return token(form);
  }

  const token = async (form: Record<string, string>) =>
    (await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) })).json() as Promise<{
      access_token?: string;
      refresh_token?: string;
    }>;
  // Ids behind these are cut off in the log.
  const logged = (path: string) => path.replace(/^\/device\/.*/, '/device/…');
  const pathsOf = ({ output }: RunningServer) =>
    new Set(
      [...output().matchAll(/"path":"(\/[^"/]*)/g)]
        .map(([, path]) => path)
        .filter((path) => path !== '/health'),
    );

  it('answer as one, each its half', async () => {
    const tokens = await signIn();
    const { client_id } = data.clients.spa;
    const next = await token({
      grant_type: 'refresh_token',
      client_id,
      refresh_token: tokens.refresh_token!,
    });
    expect(next.access_token).toBeDefined();
    expect(pathsOf(programs)).toEqual(new Set(['/token']));
    expect(pathsOf(people)).toEqual(new Set(['/authorize', '/interaction']));
  });

  it.each([
    '/token',
    '/introspection',
    '/introspection/batch',
    '/revocation',
    '/par',
    '/device/authorization',
    '/userinfo',
    '/jwks',
    '/session-feed',
    '/session-feed/acknowledgements',
    '/gateway-routes',
    '/ssf/streams',
    '/ssf/poll',
    '/ssf/receive',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/.well-known/ssf-configuration',
  ])('leave %s to the one for programs', async (path) => {
    const answer = await fetch(`${issuer}${path}`);
    await answer.body?.cancel();
    const id = answer.headers.get('x-request-id');
    expect(id).not.toBeNull();
    const asked = ({ output }: RunningServer) =>
      output()
        .split('\n')
        .filter((line) => line.includes(`"id":"${id}"`) && line.includes(`"path":"${logged(path)}"`)).length;
    while (asked(programs) + asked(people) === 0) await pause(10);
    expect([asked(programs), asked(people)]).toEqual([1, 0]);
  });

  it('go on when the one for people is gone', async () => {
    await people.kill();
    expect((await signIn()).access_token).toBeDefined();
    expect(pathsOf(programs)).toContain('/interaction');
  });
});
