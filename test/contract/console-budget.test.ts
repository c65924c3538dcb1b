import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { consoleFolder, pagesOf, readConsole } from '../../apps/admin-api/src/console/console-files.js';

interface Part {
  readonly file: string;
  readonly name?: string;
  readonly css?: readonly string[];
  readonly imports?: readonly string[];
  readonly isEntry?: boolean;
  readonly isDynamicEntry?: boolean;
}

const kB = 1_000;
const manifest: Record<string, Part> = JSON.parse(readFileSync(`${consoleFolder}manifest.json`, 'utf8'));
const files = readConsole();
const sizeOf = (name: string): number => gzipSync(files.get(name)!.body, { level: 9 }).length;

/** The files of a part with everything that it imports. */
function filesOf(key: string, seen = new Set<string>()): Set<string> {
  const { file, css = [], imports = [] } = manifest[key]!;
  for (const name of [file, ...css]) seen.add(name);
  for (const next of imports) if (!seen.has(manifest[next]!.file)) filesOf(next, seen);
  return seen;
}

const sum = (names: Iterable<string>, end: string): number =>
  [...names].filter((name) => name.endsWith(end)).reduce((all, name) => all + sizeOf(name), 0);

const keys = Object.keys(manifest);
const first = filesOf(keys.find((key) => manifest[key]!.isEntry)!);
const pages = keys.filter((key) => manifest[key]!.isDynamicEntry);

describe('the budget of the console', () => {
  it('is 160 kB of scripts and 20 kB of styles for the first page, compressed', () => {
    expect(sum(first, '.js')).toBeLessThanOrEqual(160 * kB);
    expect(sum(first, '.css')).toBeLessThanOrEqual(20 * kB);
  });

  it('is 40 kB for each further page', () => {
    expect(pages.length).toBeGreaterThan(1);
    const over = pages
      .map(
        (key) =>
          [
            key,
            sum(
              [...filesOf(key)].filter((name) => !first.has(name)),
              '.js',
            ),
          ] as const,
      )
      .filter(([, size]) => size > 40 * kB);
    expect(over).toEqual([]);
  });

  it('has no address of another host: nothing is fetched from elsewhere', () => {
    // Namespaces of XML, the addresses to which React's and the router's error texts point, and examples in hints by names that belong to
    // nobody (RFC 2606); none of them is ever asked for.
    const named =
      /^https?:\/\/(www\.w3\.org|react\.dev|tanstack\.com|github\.com|localhost|127\.0\.0\.1|[\w-]+\.example\.com)\b/;
    const foreign = [...files].flatMap(([name, { body }]) =>
      [...body.toString('utf8').matchAll(/https?:\/\/[\w.-]+/g)]
        .map(([address]) => `${name}: ${address}`)
        .filter((line) => !named.test(line.slice(line.indexOf('http')))),
    );
    expect(foreign).toEqual([]);
  });

  it('asks for everything that a page needs with the page itself', () => {
    const pages = pagesOf(files);
    const source = readFileSync('apps/console/src/shell/navigation.ts', 'utf8');
    const parts = [...source.matchAll(/ to: '\/(\w+)'/g)].map(([, part]) => part!);
    expect(parts.length).toBeGreaterThan(10);
    const missing = parts.flatMap((part) => {
      const key = keys.find((one) => manifest[one]!.name === `${part}-page`);
      const html = pages.get(part)?.body.toString('utf8') ?? '';
      return [...filesOf(key ?? '')].filter((name) => html.split(`"/console/${name}"`).length !== 2);
    });
    expect(missing).toEqual([]);
  });

  it('has a compressed copy of every script and style', () => {
    const names = readdirSync(consoleFolder, { recursive: true, encoding: 'utf8' });
    const bare = names.filter((name) => /\.(js|css|html)$/.test(name) && !names.includes(`${name}.br`));
    expect(bare).toEqual([]);
  });
});
