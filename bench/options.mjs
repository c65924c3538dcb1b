import { parseArgs } from 'node:util';
import { pathsWithAims } from './aims.mjs';

export const usage = `npm run bench -- [options]

  --quick             10,000 sessions, short blocks: three minutes (default: 10k, 100k, 1M and 10M sessions)
  --table             the paths that have an aim, at 10,000 sessions, and what of it is reached
  --sessions <n,…>    sizes to run at, such as 10000,1000000
  --paths <name,…>    only these paths ('none' for none)
  --scenes <name,…>   these scenes after the paths (default: all of them at the first size, 'none' for none, as with --quick)
  --rounds <n>        A B A B rounds per path
  --seconds <n>       length of a block
  --connections <n>   closed-loop connections
  --workers <n>       processes of the authorization server (default: as it is configured)
  --expired <n>       sessions that fall due in the scene 'sweep' (default: 1,000,000, with --quick 10,000)
  --refreshes <n>     refreshes of the scene 'memory' (default: 1,000,000, with --quick 100,000)
  --json              an array of rows on standard output and nothing else there
  --statements        list what PostgreSQL was asked, per operation
  --cpu-prof <folder> write a CPU profile of the server there
  --no-build          measure what was built last
  --only-curfew       leave floor and baseline out (no ratios)`;

/** What the command line asks for; throws on what it cannot mean. */
export function readOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      table: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      statements: { type: 'boolean', default: false },
      'only-curfew': { type: 'boolean', default: false },
      sessions: { type: 'string' },
      paths: { type: 'string' },
      scenes: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      workers: { type: 'string' },
      refreshes: { type: 'string' },
      expired: { type: 'string' },
      'cpu-prof': { type: 'string' },
    },
  });
  const number = (name, fallback) => {
    if (values[name] === undefined) return fallback;
    const given = Number(values[name]);
    if (!(given > 0)) throw new Error(`--${name} wants a positive number`);
    return given;
  };
  const list = values.sessions?.split(',').map(Number);
  if (list?.some((size) => !(Number.isInteger(size) && size >= 100)))
    throw new Error('--sessions wants whole numbers from 100');
  const isShort = values.quick || values.table;
  return {
    aims: values.table,
    help: values.help,
    json: values.json,
    quick: values.quick,
    build: !values['no-build'],
    statements: values.statements,
    onlyCurfew: values['only-curfew'] || values.table,
    cpuProfile: values['cpu-prof'],
    paths: values.paths?.split(',') ?? (values.table ? pathsWithAims : undefined),
    scenes: values.scenes?.split(',') ?? (isShort || values.paths ? [] : undefined),
    sessions: list ?? (isShort ? [10_000] : [10_000, 100_000, 1_000_000, 10_000_000]),
    rounds: number('rounds', isShort ? 3 : 7),
    seconds: number('seconds', values.quick ? 1.2 : 5),
    connections: number('connections', 64),
    workers: number('workers', undefined),
    expired: number('expired', values.quick ? 10_000 : 1_000_000),
    refreshes: number('refreshes', values.quick ? 100_000 : 1_000_000),
  };
}
