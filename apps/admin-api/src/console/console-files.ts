import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the built console, as it is and compressed. */
export interface ConsoleFile {
  readonly type: string;
  readonly body: Buffer;
  /** Absent for a file that a build did not compress. */
  readonly brotli: Buffer | undefined;
}

/** The files of the built console by their path below `/console/`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The folder of the build, seen from the sources and from what is compiled of them alike. */
export const consoleFolder = fileURLToPath(new URL('../../../console/dist/', import.meta.url));

/** Reads the built console into memory: it is small, and nothing of a request ever becomes a path of the file system. */
export function readConsole(folder: string = consoleFolder): ConsoleFiles {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile() && path.extname(entry.name) in types)
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        const compressed = `${file}.br`;
        return [
          path.relative(folder, file).split(path.sep).join('/'),
          {
            type: types[path.extname(file)] ?? '',
            body: readFileSync(file),
            brotli: existsSync(compressed) ? readFileSync(compressed) : undefined,
          },
        ];
      }),
  );
}
