import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const page = readFileSync('docs/operations.md', 'utf8');
const keptAt = page.indexOf('## What bounds what is kept');
const section = page.slice(keptAt, page.indexOf('\n## ', keptAt + 1));
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('what is kept', () => {
  it('has a bound that is written down, for every table', () => {
    const schema = readFileSync('prisma/schema.prisma', 'utf8');
    const tables = [...schema.matchAll(/@@map\("(\w+)"\)/g)].map(([, name]) => name!);
    const named = rows.flatMap(([, name]) => [...name!.matchAll(/`(\w+)`/g)].map(([, table]) => table!));
    expect(tables.length).toBeGreaterThan(20);
    expect(named.filter((name) => tables.includes(name)).sort()).toEqual([...tables].sort());
    for (const row of rows) expect(row[2]!.length).toBeGreaterThan(10);
  });
});

/** The sources of the servers and their rooms. */
const sources = ['apps', 'libs']
  .flatMap((top) => readdirSync(top).map((room) => `${top}/${room}/src`))
  .filter((folder) => existsSync(folder) && !/apps\/(?:cli|demo)\//.test(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => path.join(folder, `${name}`)))
  .filter((file) => file.endsWith('.ts') && !/\.spec\.ts$|\/generated\//.test(file));

/** Classes that live as long as a request or a connection, or only in tests. */
const shortLived = new Set(['CommitBuilder', 'StagedWrites', 'MemorySessionStore']);
/** A class, or a Map, Set, LRUCache or array that begins empty: a field of the class, set in its constructor, or of a module. */
const growing =
  /^(?:export )?(?:abstract )?class (\w+)|^(?:const|let) (\w+).*? = new (?:Map|Set|LRUCache)(?:<.*>)?\((?:\)|\{)|^ {2}(?:private |protected )?(?:static )?(?:readonly )?#?(\w+)(?:: .*?)? = (?:new (?:Map|Set|LRUCache)(?:<.*>)?\((?:\)|\{)|\[\];)|^ {4}this\.#?(\w+) = new (?:Map|Set|LRUCache)(?:<.*>)?\((?:\)|\{)/gm;

/** What a source holds that can grow for as long as its process lives, as `Class.member` or `file.name`. */
function heldBy(file: string, text: string): string[] {
  let owner = '';
  return [...text.matchAll(growing)].flatMap(([, found, ofModule, field, later]) => {
    if (found) owner = found;
    if (ofModule) return [`${path.basename(file, '.ts')}.${ofModule}`];
    const member = field ?? later;
    return member && !shortLived.has(owner) ? [`${owner}.${member}`] : [];
  });
}

describe('what is held in memory', () => {
  // What a caller without rights holds: empty, and read only.
  const fixed = ['authority.none'];
  const held = [...new Set(sources.flatMap((file) => heldBy(file, readFileSync(file, 'utf8'))))].filter(
    (name) => !fixed.includes(name),
  );

  it('is found in a source, however it is written', () => {
    const text = `
class Kept {
  readonly #one = new Map<string, Map<string, number>>();
  private readonly two: (() => void)[] = [];
  static three: ReadonlySet<string> = new Set();
  readonly closed = new Set(['a']);
  constructor() {
    this.four = new LRUCache({ max: 3 });
  }
}
const five = new Map<string, number>();
const fixed = new Map([['a', 1]]);
`;
    expect(heldBy('x/file.ts', text)).toEqual([
      'Kept.one',
      'Kept.two',
      'Kept.three',
      'Kept.four',
      'file.five',
    ]);
  });

  it('has a bound that is written down, and nothing else is', () => {
    const start = page.indexOf('## What bounds memory');
    const section = page.slice(start, page.indexOf('\n## ', start + 1));
    const table = section.split('\n').filter((line) => line.startsWith('| `'));
    const named = table.flatMap((line) =>
      [...line.split('|')[1]!.matchAll(/`([\w.-]+)`/g)].map(([, name]) => name!),
    );
    expect(held.length).toBeGreaterThan(60);
    expect([...named].sort()).toEqual([...held].sort());
    for (const line of table)
      for (const cell of line.split('|').slice(2, 4)) expect(cell.trim().length).toBeGreaterThan(10);
  });
});

describe('a decision', () => {
  /** Counts as a driver reports them, of what a statement changed: right in today's driver, wrong in others and in poolers. */
  const byCount =
    /\.rowCount\b|(?:delete|update|create)Many\([^;]*?\)\)?\.count\b|\{ count \} = await [^;]*?(?:delete|update|create)Many\(|=== 1[^;]*executeRaw|executeRaw(?:Unsafe)?`[^`]*`\)?\s*(?:[=!]==|>)|(?:const|let) \w+ = await [^;]*?\$executeRaw/;
  /** Batches of upkeep: the number only says whether to go on at once. */
  const upkeep = [
    'libs/events/src/delivery/delivery.store.ts',
    'libs/insight/src/counts.store.ts',
    'libs/sessions/src/store/postgres-sweep-store.ts',
  ];

  it('never trusts how many rows a driver reports as changed, but what the statement returned', () => {
    const trusting = sources.filter((file) => byCount.test(readFileSync(file, 'utf8')));
    expect(trusting.sort()).toEqual(upkeep);
  });

  it.each([
    'if ((await tx.code.deleteMany({ where })).count === 1) return;',
    'const { count } = await db.account.updateMany({ where: { id } });',
    'return (await client.query(text)).rowCount === 1;',
    'const removed = await this.prisma.$executeRaw`DELETE FROM proof`;',
    'return (await tx.$executeRaw`DELETE FROM proof`) === 1;',
  ])('is found where it would: %s', (source) => {
    expect(source).toMatch(byCount);
  });
});

/** Where the values of each label of a metric come from: closed lists in the code, or what administrators registered. */
const labels: Readonly<Record<string, string>> = {
  action: 'closed list',
  api: 'the routes file',
  cause: 'closed list',
  class: 'closed list',
  client: 'registered clients that follow the feed',
  endpoint: 'closed list',
  kind: 'closed list',
  method: 'closed list',
  operation: 'the operations of the OpenAPI document',
  outcome: 'closed list',
  pattern: 'closed list',
  pool: 'closed list',
  reason: 'closed list',
  route: 'protocol routes, or the routes file',
  severity: 'closed list',
  signal: 'closed list',
  state: 'closed list',
  status: 'status codes that the code writes',
  type: 'closed list',
};
/** What may stand as the value of a label: a literal, a narrowing to a closed list, or a name that is one of few by its type. */
const narrowed =
  /^(?:'[\w.]+'|known\(.*|classOf\(data\)|pool|isEventType\(type\) \? type : 'other'|isErrorCause\(refusal\.cause\) \? refusal\.cause : 'other'|causeLabel\(refusal\.cause\)|outcomeOf\(decision\)|clientId|id|response\.statusCode|kind|outcome|route|method|status|api|state|reason|signal)$/;

describe('a label of a metric', () => {
  const measuring = sources.filter((file) => readFileSync(file, 'utf8').includes("from 'prom-client'"));
  const all = [
    ...measuring,
    'apps/admin-api/src/front-door.ts',
    'apps/admin-api/src/contract/operation.guard.ts',
  ];
  const set = all.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:\.inc|\.observe|\.set|\.startTimer)\(\{([^}]*)\}/g)].flatMap(
      ([, pairs]) =>
        pairs!
          .split(/,(?![^(]*\))/)
          .map((pair) => pair.trim())
          .filter(Boolean)
          .map((pair) => {
            const [name, ...value] = pair.split(':');
            return { name: name!.trim(), value: (value.join(':') || name!).trim() };
          }),
    ),
  );

  it('has a name whose values are known to be few', () => {
    expect(set.length).toBeGreaterThan(25);
    expect([...new Set(set.map(({ name }) => name))].filter((name) => labels[name] === undefined)).toEqual(
      [],
    );
  });

  it('never comes from the text of an error or from what a client sends', () => {
    expect(set.filter(({ value }) => !narrowed.test(value))).toEqual([]);
  });
});
