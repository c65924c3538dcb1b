import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const page = readFileSync('docs/operations.md', 'utf8');
const keptAt = page.indexOf('## Bounds of the database');
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

describe('prisma/placement.json', () => {
  const schema = readFileSync('prisma/schema.prisma', 'utf8');
  const models = [...schema.matchAll(/^model (\w+) \{([\s\S]*?)^\}/gm)].map(([, name, body]) => ({
    name: name!,
    body: body!,
    table: /@@map\("(\w+)"\)/.exec(body!)?.[1] ?? '',
  }));
  const placement = JSON.parse(readFileSync('prisma/placement.json', 'utf8')) as Record<string, string[]>;

  it('says of every table once where its rows belong', () => {
    expect(Object.values(placement).flat().sort()).toEqual(models.map(({ table }) => table).sort());
  });

  it('lets no foreign key lead from one database into another', () => {
    const placeOf = (table: string) =>
      Object.keys(placement).find((place) => placement[place]!.includes(table));
    const crossing = models.flatMap(({ table, body }) =>
      [...body.matchAll(/^\s+\w+\s+(\w+)\??\s+@relation\(fields/gm)]
        .map(([, target]) => models.find(({ name }) => name === target)!.table)
        .filter((target) => ![placeOf(table), 'installation'].includes(placeOf(target)))
        .map((target) => `${table} → ${target}`),
    );
    expect(crossing).toEqual([]);
  });
});

/** The sources of the servers and their rooms. */
const sources = ['apps', 'libs']
  .flatMap((top) => readdirSync(top).map((room) => `${top}/${room}/src`))
  .filter((folder) => existsSync(folder) && !/apps\/(?:cli|console|demo)\/|libs\/browser\//.test(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => path.join(folder, `${name}`)))
  .filter((file) => file.endsWith('.ts') && !/\.spec\.ts$|\/generated\//.test(file));

/** Classes that live as long as a request or a connection. */
const shortLived = new Set(['CommitBuilder', 'StagedWrites']);
/** A class, or a Map, Set, LRUCache or array that begins empty: a field of the class, set in its constructor, or of a module. */
const growing =
  /^(?:export )?(?:abstract )?class (\w+)|^(?:const|let) (\w+).*? = new (?:Map|Set|LRUCache)(?:<.*>)?\((?:\)|\{)|^ {2}(?:private |protected )?(?:static )?(?:readonly )?#?(\w+)(?:: .*?)? = (?:new (?:Map|Set|LRUCache)(?:<.*>)?\((?:\)|\{)|\[\];)|^ {4}this\.#?(\w+) = new (?:Map|Set|LRUCache)(?:<.*>)?\((?:\)|\{)/gm;

/** The collections of a source that can grow for as long as its process lives, as `Class.member` or `file.name`. */
function heldBy(file: string, text: string): string[] {
  let owner = '';
  return [...text.matchAll(growing)].flatMap(([, found, ofModule, field, later]) => {
    if (found) owner = found;
    if (ofModule) return [`${path.basename(file, '.ts')}.${ofModule}`];
    const member = field ?? later;
    return member && !shortLived.has(owner) ? [`${owner}.${member}`] : [];
  });
}

/** A test that reaches a bound and goes one beyond it: its file, and its title or the beginning of that. */
type Shown = readonly [file: string, title: string];

const tallies: Shown = ['libs/events/src/event-log.spec.ts', 'hold ten thousand keys of each kind'];
const hashing: Shown = [
  'libs/accounts/src/work-queue.spec.ts',
  'refuses at once what finds all places taken',
];
const callers: Shown = [
  'apps/admin-api/src/access/limits.costly.spec.ts',
  'is remembered of ten thousand callers, and of one more',
];
const fresh: Shown = ['libs/clients/src/fresh-cache.spec.ts', 'remembers as many as it may'];
const followers: Shown = ['libs/events/src/feed/followers.spec.ts', 'are as many as one client may have'];
const told: Shown = ['libs/events/src/feed/told-ends.spec.ts', 'are remembered to a number'];
const verdicts: Shown = [
  'libs/resource-server/src/verdict-cache.spec.ts',
  'is bounded, and the oldest goes first',
];
const questions: Shown = [
  'libs/resource-server/src/token-inquiry.costly.spec.ts',
  'is asked once for all who wait for it',
];
const live: Shown = [
  'libs/resource-server/src/live-access.spec.ts',
  'take their entry along when they close',
];
const figures: Shown = [
  'apps/auth-server/src/workers/worker-figures.spec.ts',
  'keep what dead workers had counted',
];
const kept: Shown = ['test/e2e/gateway-routes.test.ts', 'are in force within seconds'];

/** The test that shows each bound; a sentence if there is no number to reach, because each entry belongs to something else that is limited. */
const shownBy: Readonly<Record<string, Shown | string>> = {
  'Tallies.soon': tallies,
  'Tallies.everyday': tallies,
  'Tallies.apart': ['libs/events/src/event-log.spec.ts', 'tell twenty addresses of one key apart'],
  'EventLog.waiting': ['libs/events/src/event-log.costly.spec.ts', 'are ten thousand, also after a batch'],
  'ActivityRecorder.pending': ['libs/sessions/src/activity.spec.ts', 'is that of as many sessions as may be'],
  'Batcher.waiting': ['libs/persistence/src/batcher.spec.ts', 'tells what waits in vain, in time'],
  'WorkQueue.waiting': hashing,
  'HashingQuestions.jobs': hashing,
  'RateBuckets.buckets': [
    'libs/token-endpoint/src/throttles.spec.ts',
    'is forgotten when there are too many',
  ],
  'CallerLimits.buckets': callers,
  'RefreshThrottle.sessions': [
    'libs/token-endpoint/src/throttles.spec.ts',
    'are remembered of ten thousand sessions',
  ],
  'ClientDirectory.blockedUntil': [
    'libs/token-endpoint/src/client/client-authentication.costly.spec.ts',
    'are remembered to the number of ten thousand',
  ],
  'ThrottledNetworks.until': [
    'test/integration/events-alerts.test.ts',
    'holds back as many networks as it may',
  ],
  'BoundedKeys.kept': ['libs/events/src/alerts/sliding-window.spec.ts', 'keep as many keys as they may'],
  'RecentInteractions.kept': [
    'libs/artifacts/src/recent-interactions.spec.ts',
    'are kept to four million characters',
  ],
  'FreshCache.known': fresh,
  'FreshCache.unknown': fresh,
  'FreshCache.due': 'It holds names of those that are known or unknown.',
  'Registry.composed': ['test/integration/clients-registry.test.ts', 'remembers as many as it may'],
  'FreshCache.loading': ['libs/clients/src/fresh-cache.spec.ts', 'loads once for many who ask at once'],
  'SilenceRecorder.past': [
    'test/integration/insight.test.ts',
    'a node that cannot write goes on counting within its bound',
  ],
  'TimeoutReturns.seen': ['test/integration/insight.test.ts', 'as many steps as fit wait for a flush'],
  'TimeoutReturns.counted': ['test/integration/insight.test.ts', 'as many cuts as fit are counted once'],
  'HttpServer.connections': ['libs/web/src/http-server.spec.ts', 'closes a connection beyond its limit'],
  'OfferedProviders.known': ['test/e2e/identity-providers.test.ts', 'are offered up to twenty'],
  'PushingTransmitters.known': ['test/e2e/signals-received.test.ts', 'are fifty at most'],
  'TransmitterKeys.found': 'It has an entry for each issuer that operators wrote.',
  'PollTokens.kept': 'It has a token for each transmitter that operators wrote.',
  'UserAgentReader.known': ['libs/signals/src/signals-reader.spec.ts', 'are remembered to a number'],
  'ProofReader.keys': ['libs/token-endpoint/src/proof/proof.spec.ts', 'are kept ready to a number'],
  'ClientDocuments.underWay': [
    'test/e2e/client-documents.test.ts',
    'costs one request where many ask at once, and a bounded number',
  ],
  'ClientKeys.fetched': [
    'libs/token-endpoint/src/client/client-keys.spec.ts',
    'are kept of a number of clients',
  ],
  'ClientKeys.underWay': [
    'libs/token-endpoint/src/client/client-keys.spec.ts',
    'are fetched once for all who wait',
  ],
  'DpopProofs.seen': [
    'libs/resource-server/src/binding/dpop-proofs.spec.ts',
    'passes while fewer are remembered than may be',
  ],
  'DpopNonces.around': [
    'libs/token-endpoint/src/proof/proof.spec.ts',
    'are accepted for two minutes around their own',
  ],
  'KeyStore.opened': ['test/integration/keys.test.ts', 'and drops the old key when nothing it signed lives'],
  'RemoteKeySet.keys': ['libs/resource-server/src/jwt/key-set.spec.ts', 'is read to its hundredth key'],
  'ServerChoice.known': 'The configuration has two addresses.',
  'CookieKeys.kept': [
    'libs/oidc/src/cookie-keys.spec.ts',
    'stays right for more cookies than are remembered',
  ],
  'StatementValues.all': 'The code can make only so many values of a statement.',
  'commit-builder.known': 'The code can make only so many combinations of steps.',
  'AcknowledgedCommits.entries': [
    'libs/persistence/src/guard/guard.spec.ts',
    'stay few, however many there were',
  ],
  'UpstreamClient.kept': 'It has an entry for a version of a provider, and operators alone make those.',
  'DatabaseGuard.peers': 'The list is replaced by what the table holds.',
  'PeerMarks.marks': ['libs/persistence/src/guard/peer-marks.spec.ts', 'are those of a thousand'],
  'PostgresSweepStore.walks': [
    'test/integration/sessions-ends.test.ts',
    'are all recorded, also where a node remembers',
  ],
  'SessionFeed.readers': followers,
  'FeedEndpoint.open': [
    'apps/auth-server/src/session-feed/feed-endpoint.spec.ts',
    'do not include that of a follower',
  ],
  'Followers.entries': followers,
  'FollowersElsewhere.known': 'The map is replaced by what the table holds.',
  'Followers.asked': ['test/e2e/session-feed.test.ts', 'delays a confirmation until its lease has run out'],
  'Doctor.unfinished': [
    'apps/admin-api/src/doctor/doctor.spec.ts',
    'does not start a check again that still hangs',
  ],
  'EndAnnouncer.unsent': [
    'libs/events/src/feed/end-announcer.costly.spec.ts',
    'are ten thousand that the database did not take',
  ],
  'SessionFeed.confirmed': ['libs/events/src/feed/end-confirmation.spec.ts', 'the last fifty confirmations'],
  'SessionFeed.waiting': ['test/e2e/session-feed.test.ts', 'tells ends within milliseconds, and beats'],
  'ToldEnds.last': told,
  'ToldEnds.before': told,
  'Courier.underWay': ['test/integration/delivery-webhooks.test.ts', 'and sixty-four in all'],
  'StreamPlaces.open': ['apps/admin-api/src/events/stream-places.spec.ts', 'are two hundred in all'],
  'Announcements.waiting': [
    'apps/admin-api/src/sessions/announcements.spec.ts',
    'leave when their operation is answered',
  ],
  'BackgroundLoops.loops': 'A process begins its jobs once, at its start.',
  'Workers.pauses': [
    'apps/auth-server/src/workers/workers.costly.spec.ts',
    'come back after any number of kills',
  ],
  'WorkerFigures.asked': figures,
  'WorkerFigures.lastOf': figures,
  'WorkerFigures.departed': figures,
  'DecisionMaker.held': kept,
  'DecisionMaker.browsers': kept,
  'KeptRoutes.known': kept,
  'TokenEndpoint.refreshes': [
    'apps/gateway/src/browser/token-endpoint.spec.ts',
    'are remembered to a number',
  ],
  'TroubleLog.said': [
    'apps/gateway/src/trouble-log.spec.ts',
    'remembers a thousand, and says one more at once',
  ],
  'VerdictCache.byName': verdicts,
  'VerdictCache.names': verdicts,
  'VerdictTable.odd': verdicts,
  'Shapes.byText': verdicts,
  'Shapes.held': verdicts,
  'Shapes.free': verdicts,
  'VerdictCache.ended': [
    'libs/resource-server/src/verdict-cache.costly.spec.ts',
    'knows a bounded number of ends',
  ],
  'VerdictCache.massEnds': [
    'libs/resource-server/src/verdict-cache.spec.ts',
    'knows a bounded number of mass ends',
  ],
  'VerifiedTexts.hashes': [
    'libs/token-endpoint/src/introspection/jwt-access-tokens.spec.ts',
    'are verified once, those that failed each time, and the oldest goes',
  ],
  'TokenInquiry.inactive': [
    'libs/resource-server/src/token-inquiry.costly.spec.ts',
    'are ten thousand that nobody is asked about',
  ],
  'TokenInquiry.underWay': questions,
  'TokenInquiry.waiting': questions,
  'LiveAccesses.all': live,
  'LiveAccesses.bySession': live,
  'FeedFollower.done': [
    'libs/resource-server/src/feed/follower.spec.ts',
    'confirmations at most a hundred at a time',
  ],
  'FeedFollower.probes': [
    'libs/resource-server/src/feed/follower.spec.ts',
    'remembers a hundred probes, and at one more',
  ],
  'StreamsHandedOver.streams': [
    'apps/gateway/src/proxy/streams-handed-over.spec.ts',
    'whose client left before its upstream answered is not kept',
  ],
  'FrameBoundaries.head': ['apps/gateway/src/proxy/frame-boundaries.spec.ts', 'changes nothing, in pieces'],
  'EventStreamReader.data': [
    'libs/resource-server/src/feed/event-stream.spec.ts',
    'takes an event of four megabytes',
  ],
};

describe('what is held in memory', () => {
  // The set of a caller without rights is empty and read only.
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
    const start = page.indexOf('## Bounds of memory');
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

  it('is held to its bound by a test, or has no number that could be reached', () => {
    expect(Object.keys(shownBy).sort()).toEqual([...held].sort());
    for (const [name, shown] of Object.entries(shownBy)) {
      if (typeof shown === 'string') continue;
      const [file, title] = shown;
      expect([name, existsSync(file) && readFileSync(file, 'utf8').includes(title)]).toEqual([name, true]);
    }
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

/** The source of the values of each label of a metric: closed lists in the code, or what administrators registered. */
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
/** An expression that may be the value of a label: a literal, a narrowing to a closed list, or a name that is one of few by its type. */
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
