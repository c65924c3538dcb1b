import { assertInvariants } from '../support/database.js';
import { AdminWorld } from './admin-world.js';
import { runCommandLine } from './command-line.js';

let world: AdminWorld;

beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

/** One session more than one request ends, at a client of their own. */
async function manySessions(): Promise<string> {
  const { body } = await world.post('/v1/clients', {
    client_name: 'Crowd',
    redirect_uris: ['https://crowd.example.test/callback'],
  });
  const { sid } = await world.signIn();
  await world.database.query(
    `INSERT INTO session SELECT (jsonb_populate_record(s, jsonb_build_object(
       'id', gen_random_uuid(), 'client_id', $2::text, 'token_hash', '\\x' || md5($2 || n) || md5(n || $2)))).*
     FROM session s, generate_series(1, 10001) n WHERE s.id = $1`,
    [sid, body.client_id],
  );
  return body.client_id;
}

describe('an end of more sessions than one request ends', () => {
  it('says over the admin API that others live, and the same request ends them', async () => {
    const client = await manySessions();
    const end = async (more: object = {}) =>
      (
        await world.post('/v1/sessions/end', {
          selection: { search: { client } },
          only_this_session: true,
          ...more,
        })
      ).body;
    expect(await end()).toMatchObject({
      matched: 10_000,
      recorded: 10_000,
      complete: false,
      not_before: null,
    });
    expect(await end({ dry_run: true })).toMatchObject({ matched: 1 });
    expect(await end()).toMatchObject({ matched: 1, complete: true });
    expect(await end({ dry_run: true })).toMatchObject({ matched: 0 });
  }, 60_000);

  it('is whole on the command line, which counts all parts together', async () => {
    const client = await manySessions();
    const words = ['sessions', 'end', '--client', client, '--started-after', '2020-01-01T00:00:00Z'];
    const { code, json } = await runCommandLine(
      [
        '--dev-file',
        world.server.environment['CURFEW_DEV_FILE']!,
        ...words,
        '--only-this-session',
        '--yes',
        '--json',
      ],
      {
        PATH: process.env['PATH'] ?? '',
        CURFEW_ISSUER: world.server.issuer,
        CURFEW_ADMIN_URL: world.adminUrl,
      },
    );
    expect([code, json]).toEqual([
      0,
      expect.objectContaining({ matched: 10_001, recorded: 10_001, along: 0, complete: true }),
    ]);
    const selection = { search: { client } };
    expect((await world.post('/v1/sessions/end', { selection, dry_run: true })).body.matched).toBe(0);
  }, 60_000);
});
