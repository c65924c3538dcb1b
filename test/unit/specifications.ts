import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const rooms = ['libs', 'apps'].flatMap((folder) =>
  readdirSync(folder).map((room) => join(process.cwd(), folder, room, 'src')),
);

/** The unit tests of every room, in one order, without those that cost much. */
const specifications = rooms
  .flatMap((sources) => {
    const names = readdirSync(sources, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => /(?<!\.costly)\.spec\.ts$/.test(name)).map((name) => join(sources, name));
  })
  .sort();

/**
 * Declares the tests of every second file, beginning with the file at `first` (0 or 1). Jest gives each test file a world of its own, and
 * loading the same rooms for each of more than a hundred files took half of the time; here they are loaded once for all.
 */
export async function declareEverySecond(first: 0 | 1): Promise<void> {
  for (let at = first; at < specifications.length; at += 2) await import(specifications[at]!);
}
