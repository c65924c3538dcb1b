import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { secretFrom } from './connection.js';
import { CommandError, exitCodes } from './exit.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-secret-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (contents: string | Buffer, called?: string) => {
  const file = path.join(folder, 'secret');
  await writeFile(file, contents, { mode: 0o600 });
  return secretFrom(file, called);
};

describe('a secret in a file', () => {
  it.each([
    ['s3cret', 's3cret'],
    // One line end is that of an editor; RFC 6749 §A.2 lets blanks be part of a secret.
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['s3cret\n\n', 's3cret\n'],
    [' s3 cret ', ' s3 cret '],
    ['\ts3cret\t\n', '\ts3cret\t'],
    ['\n s3cret', '\n s3cret'],
    ['', ''],
  ])('is taken byte for byte but for one line end: %j', async (contents, secret) => {
    expect(await read(contents)).toBe(secret);
  });

  it.each([
    ['is no text', Buffer.from([0x73, 0xff, 0xfe])],
    ['begins with a byte order mark', Buffer.from('\ufeffs3cret\n')],
  ])('is refused where it %s, and none of it is told', async (_, contents) => {
    const refused: unknown = await read(contents, 'Authorization header').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CommandError);
    expect(refused).toMatchObject({
      message:
        'the file of the Authorization header cannot be read: it must be text in UTF-8 without a byte order mark',
      exitCode: exitCodes.usage,
    });
  });

  it('is none where no file is named', async () => {
    expect(await secretFrom(undefined)).toBeUndefined();
  });
});
