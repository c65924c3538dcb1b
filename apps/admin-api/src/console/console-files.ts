import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

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

/** A part of the build, as Vite's manifest tells of it. */
interface Part {
  readonly file: string;
  readonly name?: string;
  readonly css?: readonly string[];
  readonly imports?: readonly string[];
}

/** The files that a part needs, and those of everything that it imports. */
function filesOf(manifest: Readonly<Record<string, Part>>, key: string, known = new Set<string>()) {
  const { file, css = [], imports = [] } = manifest[key]!;
  for (const name of [file, ...css]) known.add(name);
  for (const next of imports) if (!known.has(manifest[next]!.file)) filesOf(manifest, next, known);
  return known;
}

const linkTo = (name: string): string =>
  `<link rel="${name.endsWith('.css') ? 'stylesheet' : 'modulepreload'}" crossorigin href="/console/${name}">`;

/**
 * The page of the console by the first part of the path below `/console/`. Each asks for the files of its own part at once, which a browser
 * would otherwise learn of from a script that it has to read and run first.
 */
export function pagesOf(files: ConsoleFiles, folder: string = consoleFolder): ConsoleFiles {
  const page = files.get('index.html');
  const at = path.join(folder, 'manifest.json');
  if (!page || !existsSync(at)) return new Map();
  const manifest = JSON.parse(readFileSync(at, 'utf8')) as Record<string, Part>;
  const text = page.body.toString('utf8');
  const parts = Object.entries(manifest).flatMap(([key, { name = '' }]) => {
    const [, part] = /^(\w+)-page$/.exec(name) ?? [];
    return part === undefined ? [] : [[part, key] as const];
  });
  return new Map(
    parts.map(([part, key]) => {
      const links = [...filesOf(manifest, key)].filter((name) => !text.includes(name)).map(linkTo);
      const body = Buffer.from(text.replace('</head>', `${links.join('')}</head>`));
      return [part, { type: page.type, body, brotli: brotliCompressSync(body) }];
    }),
  );
}
