import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AdminWorld } from './admin-world.js';
import { runCommandLine } from './command-line.js';

let world: AdminWorld;
let folder: string;

beforeAll(async () => {
  world = await AdminWorld.start();
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-cli-'));
}, 60_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await world?.stop();
});

const curfew = (args: readonly string[], input = '') =>
  runCommandLine(
    ['--dev-file', world.server.environment['CURFEW_DEV_FILE']!, ...args],
    {
      PATH: process.env['PATH'] ?? '',
      CURFEW_ISSUER: world.server.issuer,
      CURFEW_ADMIN_URL: world.adminUrl,
    },
    input,
  );

const providers = (...args: readonly string[]) => curfew(['identity-providers', ...args]);
const transmitters = (...args: readonly string[]) => curfew(['transmitters', ...args]);

/** A file with these settings, and another with a secret. */
async function files(name: string, settings: object): Promise<[settings: string, secret: string]> {
  const of = (kind: string) => path.join(folder, `${name}.${kind}`);
  await writeFile(of('json'), JSON.stringify(settings));
  await writeFile(of('secret'), `secret of ${name}\n`);
  return [of('json'), of('secret')];
}

/** The arguments that add one with these settings. */
async function added(name: string, settings: object): Promise<readonly string[]> {
  const [file, secret] = await files(name, settings);
  return [file, '--secret-file', secret];
}

describe('identity providers at the command line', () => {
  it('are added, listed, shown, changed, switched off and on, and deleted', async () => {
    const settings = { issuer: 'https://corp.example.test', name: 'Example Corp', client_id: 'curfew' };
    const [file, secret] = await files('corp', { ...settings, single_sign_on: true });
    const added = await providers('add', 'corp', file, '--secret-file', secret);
    const address = `${world.server.issuer}/sign-in/upstream/corp`;
    expect([added.code, added.err]).toEqual([0, '']);
    expect(added.out).toMatch(new RegExp(`register there\\s+${address}\\n.*${address}/logout`));
    expect((await providers('list')).out).toMatch(
      /corp\s+Example Corp\s+https:\/\/corp\.example\.test\s+enabled/,
    );
    const shown = await providers('show', 'corp', '--json');
    expect(shown.json).toMatchObject({ ...settings, single_sign_on: true, enabled: true, version: 1 });
    expect([added, shown].map(({ out, err }) => `${out}${err}`).join('')).not.toContain('secret of');
    expect((await providers('disable', 'corp')).code).toBe(0);
    // Nothing else changes by it.
    const off = await world.get('/v1/identity-providers/corp');
    expect(off.body).toMatchObject({ ...settings, single_sign_on: true, enabled: false, version: 2 });
    expect((await providers('enable', 'corp')).code).toBe(0);
    const [changed] = await files('changed', { ...settings, name: 'Another name' });
    expect((await providers('change', 'corp', changed)).out).toContain('Version 4.');
    expect((await world.get('/v1/identity-providers/corp')).body).toMatchObject({
      name: 'Another name',
      single_sign_on: false,
    });
    expect((await providers('delete', 'corp', '--yes')).code).toBe(0);
    expect((await world.get('/v1/identity-providers/corp')).status).toBe(404);
  });

  it('stay switched off when they are changed, and are changed only as the file knows them', async () => {
    const settings = { issuer: 'https://off.example.test', name: 'Off', client_id: 'curfew' };
    const [file, secret] = await files('off', settings);
    const shown = async () => (await world.get('/v1/identity-providers/off')).body;
    expect((await providers('add', 'off', file, '--secret-file', secret)).code).toBe(0);
    expect((await providers('disable', 'off')).code).toBe(0);
    // The file of before does not say that it is to be on.
    const changed = await providers('change', 'off', file, '--secret-file', secret, '--version', '2');
    expect([changed.code, changed.err, changed.out]).toEqual([0, '', 'Version 3. It is disabled.\n']);
    expect(await shown()).toMatchObject({ ...settings, enabled: false, version: 3 });
    const [on] = await files('on', { ...settings, enabled: true, name: 'On' });
    // Somebody has changed it since the file was made.
    const late = await providers('change', 'off', on, '--version', '2');
    expect([late.code, late.err]).toEqual([5, expect.stringMatching(/version/i)]);
    const wrong = await providers('change', 'off', on, '--version', 'two');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('--version must be a whole number')]);
    expect(await shown()).toMatchObject({ name: 'Off', enabled: false, version: 3 });
    expect((await providers('change', 'off', on)).out).toBe('Version 4.\n');
    expect(await shown()).toMatchObject({ name: 'On', enabled: true, version: 4 });
  });

  it('are refused by the member that is wrong, and a file by its name, and nothing is added', async () => {
    const [file, secret] = await files('wrong', { issuer: 'no address', name: 'Wrong', client_id: 'curfew' });
    const refused = await providers('add', 'wrong', file, '--secret-file', secret);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('issuer')]);
    const text = path.join(folder, 'text.json');
    await writeFile(text, 'none');
    for (const unreadable of [text, path.join(folder, 'absent.json')]) {
      const told = await providers('add', 'wrong', unreadable, '--secret-file', secret);
      expect([told.code, told.err]).toEqual([2, expect.stringContaining(unreadable)]);
    }
    expect((await providers('show', 'wrong')).code).toBe(3);
  });

  it('are named by the doctor where the secret does not open any more', async () => {
    const settings = { issuer: 'https://sealed.example.test', name: 'Sealed', client_id: 'curfew' };
    expect((await providers('add', 'sealed', ...(await added('sealed', settings)))).code).toBe(0);
    await world.database.query(`UPDATE identity_provider SET secret = '\\x00' WHERE id = 'sealed'`);
    const { code, json } = await curfew(['doctor', '--json']);
    expect(code).toBe(7);
    const found = (json as { what: string }[]).filter(({ what }) => what === 'identity providers');
    const detail = expect.stringMatching(
      /^the client secret does not open: sealed: a key-encryption secret /,
    );
    expect(found).toEqual([{ what: 'identity providers', state: 'wrong', detail }]);
    expect((await providers('delete', 'sealed', '--yes')).code).toBe(0);
  });

  it('lose a link to an account, which ends everything of it', async () => {
    const { access_token } = await world.signIn();
    const { username } = world.data.accounts[0]!;
    await world.database.query(
      `INSERT INTO linked_identity (issuer, subject, account_id, created_at)
       SELECT 'https://corp.example.test', 'someone', id, now() FROM account WHERE username = '${username}'`,
    );
    const unlink = () =>
      curfew([
        'accounts',
        'unlink',
        username,
        'https://corp.example.test',
        'someone',
        '--note',
        'by mistake',
        '--yes',
      ]);
    const done = await unlink();
    expect([done.code, done.err, done.out]).toEqual([0, '', expect.stringMatching(/\d+ session\(s\) ended/)]);
    expect(await world.introspect(access_token)).toEqual({ active: false });
    expect((await unlink()).code).toBe(3);
  });
});

describe('transmitters at the command line', () => {
  const settings = { issuer: 'https://tells.example.test', audience: 'here', delivery: 'push' };
  const shown = async () => (await world.get('/v1/transmitters/tells')).body;

  it('are added, listed, shown, changed, switched off and on, and deleted, and no header is shown', async () => {
    const [file, header] = await files('the one that tells', { ...settings, signals: ['session-revoked'] });
    const added = await transmitters('add', 'tells', file, '--secret-file', header);
    expect([added.code, added.err, added.out]).toEqual([
      0,
      '',
      `push to  ${world.server.issuer}/ssf/receive\n`,
    ]);
    const listed = await transmitters('list');
    expect(listed.out).toMatch(/tells\s+push\s+https:\/\/tells\.example\.test\s+-\s+enabled/);
    const one = await transmitters('show', 'tells', '--json');
    expect(one.json).toMatchObject({ ...settings, signals: ['session-revoked'], version: 1 });
    expect([added, listed, one].map(({ out, err }) => `${out}${err}`).join('')).not.toContain('secret of');
    expect((await transmitters('disable', 'tells')).out).toBe('Version 2.\n');
    // Nothing else changes by it.
    expect(await shown()).toMatchObject({ ...settings, signals: ['session-revoked'], enabled: false });
    const [more] = await files('more', { ...settings, matches_email: true });
    expect((await transmitters('change', 'tells', more)).out).toBe('Version 3. It is disabled.\n');
    expect((await transmitters('enable', 'tells')).code).toBe(0);
    expect(await shown()).toMatchObject({ matches_email: true, enabled: true, version: 4 });
    const unasked = await transmitters('delete', 'tells');
    expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining('--yes')]);
    expect((await transmitters('delete', 'tells', '--yes')).code).toBe(0);
    expect((await transmitters('show', 'tells')).code).toBe(3);
  });

  it('are refused by the member that is wrong, a header that is too short or cannot be read, and nothing is added', async () => {
    const [polled, header] = await files('a wrong one', { ...settings, delivery: 'poll' });
    const refused = await transmitters('add', 'wrong', polled, '--secret-file', header);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('endpoint_url')]);
    const [good] = await files('good', settings);
    const absent = await transmitters('add', 'wrong', good, '--secret-file', `${header}.absent`);
    expect([absent.code, absent.err]).toEqual([
      2,
      expect.stringContaining('the file of the Authorization header or client secret cannot be read'),
    ]);
    const short = path.join(folder, 'short.secret');
    await writeFile(short, 'Bearer x');
    const told = await transmitters('add', 'wrong', good, '--secret-file', short);
    expect([told.code, told.err]).toEqual([2, expect.stringContaining('authorization')]);
    expect((await transmitters('list', '--json')).json).toEqual([]);
  });
});
