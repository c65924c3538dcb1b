import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { clientNames, type FirstRunData } from './first-run-data.js';

const client = z.looseObject({ client_id: z.string(), client_secret: z.string().optional() });

/** As much as is needed to find out whether the file belongs to the database; the rest is written anew. */
const schema = z.looseObject({
  accounts: z.array(z.object({ username: z.string(), password: z.string() })),
  gatewayCookieSecret: z.string().min(32).optional(),
  clients: z.partialRecord(z.enum(clientNames), client),
});

/** The content of the file of an earlier start. */
export type ReadDevFile = z.output<typeof schema>;

/** Reads the file; null if there is none, or if it is none of ours. */
export const readDevFile = async (path: string): Promise<ReadDevFile | null> => {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const unreadable = error instanceof SyntaxError || error instanceof z.ZodError;
    if (unreadable || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
};

/** Replaces the file in one step, readable by its owner only from its first byte on; a file that says the same stays. */
export const writeDevFile = async (path: string, data: FirstRunData): Promise<void> => {
  const text = `${JSON.stringify(data, null, 2)}\n`;
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return chmod(path, 0o600);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
};
