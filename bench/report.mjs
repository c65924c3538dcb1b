import { readFileSync } from 'node:fs';
import os from 'node:os';
import { significant } from './statistics.mjs';

/*
 * What a row means. CPU is that of the server's and PostgreSQL's process trees, the generator is in neither.
 * `timesFloor` and `timesBaseline` are Curfew's CPU divided by theirs, the median over the rounds of one run: 2 is twice
 * their cost, 0.1 a tenth of it; `timesCommon` is that beside another path of Curfew in turn. Latencies are those at a fixed rate (`rate`), half of what the path reached; `floorP99Ms`
 * is what the floor has at that rate, so what generator and machine add by themselves.
 */
const columns = [
  ['path', 'path'],
  ['sessions', 'sessions'],
  ['cpuMs', 'CPU ms'],
  ['serverCpuMs', 'server'],
  ['postgresCpuMs', 'postgres'],
  ['timesFloor', '× floor'],
  ['timesBaseline', '× baseline'],
  ['timesSmallest', '× smallest'],
  ['perSecond', '/s'],
  ['p50Ms', 'p50 ms'],
  ['p99Ms', 'p99 ms'],
  ['p999Ms', 'p99.9 ms'],
  ['rate', 'at /s'],
  ['floorP99Ms', 'floor p99'],
  ['statements', 'statements'],
  ['commits', 'commits'],
  ['walBytes', 'WAL B'],
  ['bytesPerSession', 'B/session'],
  ['rssMb', 'RSS MB'],
  ['timesSockets', '× sockets'],
  ['timesCommon', '× common'],
  ['besidePasswordCpuMs', 'beside password'],
  ['besideHashingCpuMs', 'beside hashing'],
  ['besidePagesCpuMs', 'beside the page'],
];

/** The rows as an aligned Markdown table. */
export function table(rows) {
  const cells = rows.map((row) => columns.map(([name]) => show(row[name])));
  const widths = columns.map(([, title], index) =>
    Math.max(title.length, ...cells.map((line) => line[index].length)),
  );
  const line = (values, left) =>
    `| ${values.map((value, index) => (left || index === 0 ? value.padEnd(widths[index]) : value.padStart(widths[index]))).join(' | ')} |`;
  return [
    line(
      columns.map(([, title]) => title),
      true,
    ),
    line(
      widths.map((width) => '-'.repeat(width)),
      true,
    ),
    ...cells.map((values) => line(values)),
  ].join('\n');
}

// What each row has, be it null where it means nothing: only what is compared has a floor.
const inEveryRow = [
  ...['path', 'sessions', 'cpuMs', 'serverCpuMs', 'postgresCpuMs', 'perSecond', 'p50Ms', 'p99Ms'],
  ...['statements', 'commits', 'walBytes', 'timesFloor', 'timesBaseline'],
];

/** The rows as a JSON array. */
export const json = (rows) =>
  `${JSON.stringify(
    rows.map((row) => ({ ...Object.fromEntries(inEveryRow.map((name) => [name, null])), ...row })),
    undefined,
    2,
  )}\n`;

/** Writes into each row of a larger size how its CPU compares with that of the smallest, as `timesSmallest`. */
export function compareSizes(rows) {
  const smallest = Math.min(...rows.map(({ sessions }) => sessions));
  for (const row of rows) {
    const small = rows.find(({ path, sessions }) => path === row.path && sessions === smallest);
    if (row.sessions > smallest && small?.cpuMs > 0) row.timesSmallest = row.cpuMs / small.cpuMs;
  }
}

/** What scenes found, one line each: they have little in common. */
export const list = (rows) =>
  rows
    .map(
      ({ path, ...facts }) =>
        `- ${path}: ${Object.entries(facts)
          .map(([name, value]) => `${name} ${show(value)}`)
          .join(', ')}\n`,
    )
    .join('');

function show(value) {
  if (value === undefined || value === null || Number.isNaN(value)) return '–';
  return typeof value === 'number'
    ? String(value >= 1000 ? Math.round(value) : significant(value))
    : String(value);
}

/** One sentence about the machine, for the record. */
export function machine(postgresVersion) {
  const model = os.cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${os.cpus().length} × ${model}, ${Math.round(os.totalmem() / 2 ** 30)} GB, ${distribution()}, Node ${process.versions.node}, PostgreSQL ${postgresVersion}`;
}

function distribution() {
  try {
    return /PRETTY_NAME="([^"]+)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.type();
  } catch {
    return os.type();
  }
}
