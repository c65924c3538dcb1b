import { setTimeout as pause } from 'node:timers/promises';
import { golden, type Outcome, record, recorded } from '../support/golden.js';
import { proofs } from './lanes-corpus-dpop.js';
import { firsts } from './lanes-corpus-first.js';
import { type Case, clientAuthentication, spoiltForms } from './lanes-corpus-forms.js';
import { changes, introspections, machines } from './lanes-corpus-others.js';
import { refreshes } from './lanes-corpus-refresh.js';
import { Side } from './lanes-side.js';
import { type LaneName, LanesWorld } from './lanes-world.js';

const corpus: readonly Case[] = [
  ...refreshes,
  ...proofs,
  ...machines,
  ...introspections,
  ...changes,
  ...spoiltForms,
  ...clientAuthentication,
  ...firsts,
];

/** Cases that are answered otherwise than oidc-provider answered them, with the reason. */
const compressed =
  'a compressed body is refused with 415 (RFC 9110 §15.5.16); the library read it as it stood';
const differences: Readonly<Record<string, string>> = {
  'a refresh with a body said to be compressed': compressed,
  'a machine’s request with a body said to be compressed': compressed,
  'an introspection with a body said to be compressed': compressed,
};

interface Run {
  readonly side: Side;
  readonly outcome: unknown;
  readonly failure?: unknown;
}

let lanes: LanesWorld;
const kept = recorded('answers');
const runs = { fast: new Map<string, Run>(), library: new Map<string, Run>() };
const counted = { fast: new Map<string, number>(), library: new Map<string, number>() };
let taken: ReadonlyMap<string, LaneName>;

/**
 * How often each thing that is counted, not recorded one by one, has happened so far. Refreshes are left out: their count is written once a
 * minute, so it would show in the lane that runs when a minute is over.
 */
async function countsSoFar(): Promise<ReadonlyMap<string, number>> {
  const read = () =>
    lanes.world.database.query<{ what: string; times: number }>(
      `SELECT type || ' ' || coalesce(client_id, '') || ' ' || coalesce(data->>'endpoint', '') AS what,
         sum((data->>'count')::int)::int AS times FROM any_event WHERE data ? 'count' AND type <> 'sessions.refreshed' GROUP BY 1 ORDER BY 1`,
    );
  // They are written every second, or later where the machine is busy: until nothing more comes.
  for (let last = await read(); ; ) {
    await pause(1500);
    const rows = await read();
    if (JSON.stringify(rows) === JSON.stringify(last))
      return new Map(rows.map(({ what, times }) => [what, times]));
    last = rows;
  }
}

const asRecorded = (outcome: unknown): Outcome => {
  const { issuer, callback } = lanes.world;
  return golden(outcome, { [issuer]: 'ISSUER', [new URL(issuer).host]: 'HOST', [callback]: 'CALLBACK' });
};

async function runAll(lane: LaneName): Promise<void> {
  const before = await countsSoFar();
  const sides = new Map<string, { side: Side; failure: unknown }>();
  for (const { name, run } of corpus) {
    const side = new Side(lanes, lane);
    const failure = await run(side).then(
      () => undefined,
      (error: unknown) => error ?? 'failed',
    );
    sides.set(name, { side, failure });
  }
  const after = await countsSoFar();
  for (const [what, times] of after) {
    const more = times - (before.get(what) ?? 0);
    if (more > 0) counted[lane].set(what.replace(`-${lane}`, '-twin'), more);
  }
  for (const [name, { side, failure }] of sides)
    runs[lane].set(name, { side, failure, outcome: await side.outcome() });
}

beforeAll(async () => {
  lanes = await LanesWorld.start();
  await runAll('fast');
  await runAll('library');
  taken = await lanes.lanesTaken();
  const answers = [...runs.library].map(([name, { outcome }]) => [name, asRecorded(outcome)] as const);
  record('answers', Object.fromEntries(answers));
}, 240_000);
afterAll(() => lanes?.stop());

describe('a request', () => {
  it('is one of many, each with a name of its own', () => {
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
    expect(corpus.length).toBeGreaterThan(300);
  });

  it.each(corpus)('is answered alike in both lanes, and leaves the same behind: $name', ({ name }) => {
    const [fast, library] = [runs.fast.get(name)!, runs.library.get(name)!];
    expect(fast.failure).toBeUndefined();
    expect(library.failure).toBeUndefined();
    expect(fast.outcome).toEqual(library.outcome);
    expect(fast.side.replies.length).toBeGreaterThan(0);
    expect(fast.side.durations).toHaveLength(library.side.durations.length);
    for (const [index, duration] of fast.side.durations.entries())
      expect(Math.abs(duration - library.side.durations[index]!)).toBeLessThanOrEqual(1);
    expect(fast.side.moments).toHaveLength(library.side.moments.length);
    // Both ran within minutes of each other, and instants and times left move with the moment of asking.
    for (const [index, moment] of fast.side.moments.entries())
      expect(Math.abs(moment - library.side.moments[index]!)).toBeLessThan(180);
  });

  it.each(corpus)('is answered as oidc-provider answered it when that was recorded: $name', ({ name }) => {
    const answered = asRecorded(runs.fast.get(name)!.outcome);
    if (name in differences) expect(answered).not.toEqual(kept[name]);
    else expect(answered).toEqual(kept[name]);
  });

  it('has its answer in the recording, and nothing else has', () => {
    expect(Object.keys(kept).sort()).toEqual(corpus.map(({ name }) => name).sort());
    expect(Object.keys(differences).filter((name) => !(name in kept))).toEqual([]);
  });

  it('is of every kind: right, wrong and hostile', () => {
    const kinds = new Map<string, number>();
    for (const { side } of runs.fast.values())
      for (const { status, body } of side.replies) {
        const kind =
          `${status} ${body?.error ?? (body?.active === undefined ? '' : `active ${body.active}`)}`.trim();
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }
    expect(Math.min(kinds.get('200') ?? 0, kinds.get('200 active true') ?? 0)).toBeGreaterThan(40);
    expect([...kinds.keys()]).toEqual(
      expect.arrayContaining([
        '200 active false',
        '400 invalid_dpop_proof',
        '400 invalid_grant',
        '400 invalid_request',
        '400 invalid_scope',
        '400 invalid_target',
        '400 insufficient_user_authentication',
        '400 unsupported_grant_type',
        '400 use_dpop_nonce',
        '401 invalid_client',
      ]),
    );
  });

  it('is never a fault of the server', () => {
    const faults = [...runs.fast, ...runs.library].filter(([, { side }]) =>
      side.replies.some(({ status }) => status >= 500),
    );
    expect(faults.map(([name]) => name)).toEqual([]);
  });

  it('is counted in both lanes under the same names, and about as often', () => {
    expect([...counted.fast.keys()]).toEqual([...counted.library.keys()]);
    expect(counted.fast.size).toBeGreaterThan(3);
    // Within a minute a count is written when it has doubled, so up to half of one lane's may be written while the other runs.
    for (const [what, times] of counted.fast) {
      const share = times / counted.library.get(what)!;
      expect({ what, share: share > 1 / 3 && share < 3 }).toEqual({ what, share: true });
    }
  });

  it('takes the lane it is meant for', () => {
    const lanesOf = ({ side }: Run) => side.replies.map(({ requestId }) => taken.get(requestId));
    for (const { name, plain } of corpus) {
      expect({ name, lanes: new Set(lanesOf(runs.library.get(name)!)) }).toEqual({
        name,
        lanes: new Set(['library']),
      });
      if (plain)
        expect({ name, lanes: lanesOf(runs.fast.get(name)!).filter((lane) => lane !== 'fast') }).toEqual({
          name,
          lanes: [],
        });
    }
  });
});
