import { neededForAdaptation } from '@curfew/insight/adaptation';
import { instant } from '@curfew/session-policy';
import { AdaptationStore } from '../../apps/admin-api/src/adaptation/adaptation.store.js';
import { AdaptationSteps } from '../../apps/admin-api/src/adaptation/adaptation-steps.js';
import { NightlyAdaptation } from '../../apps/admin-api/src/adaptation/nightly-adaptation.js';
import { PolicyEvidence } from '../../apps/admin-api/src/adaptation/policy-evidence.js';
import { InsightQuestions } from '../../apps/admin-api/src/insight/insight-question.js';
import { PolicyActs } from '../../apps/admin-api/src/policies/policy-acts.js';
import { AdaptingWorld, type Night } from '../../bench/population/adapting-world.mjs';
import { adversaries, visitsByDay } from '../../bench/population/adversaries.mjs';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** A decision needs fewer visits and people here, so that few have to live; bench/population/adaptation.mjs has as many as the product asks for. */
const needed = { ...neededForAdaptation, visits: 400, accounts: 40, stageVisits: 130 };
const settings = {
  mode: 'automatic',
  floor: '22m',
  ceiling: '1h',
  budget: { kind: 'sign_ins_per_person_day', max: 100 },
};
const days = 24;

let database: TestDatabase;
let world: AdaptingWorld;
beforeAll(async () => {
  database = await createTestDatabase();
  const parts = { AdaptationStore, AdaptationSteps, NightlyAdaptation, PolicyEvidence };
  world = await AdaptingWorld.open(database.url, { ...parts, InsightQuestions, PolicyActs }, needed);
  for (const population of adversaries({ people: 52, seed: 1 }))
    await world.add({ ...population, plan: visitsByDay(population, days) }, settings);
  for (let day = 0; day < days; day++) await world.live(day);
}, 240_000);
afterAll(async () => {
  await world?.close();
  await database?.drop();
});

const nightsOf = (name: string): readonly Night[] =>
  world.populations.find((population) => population.name === name)!.nights;
/** The decisions, each once for all the nights in a row that came to it. */
const decisionsOf = (name: string): string[] =>
  nightsOf(name)
    .map(({ kind }) => kind)
    .filter((kind, night, all) => kind === 'stage' || kind !== all[night - 1]);
const said = (name: string, kind: string): string =>
  nightsOf(name)
    .filter((night) => night.kind === kind)
    .map(({ reasons }) => reasons.join())
    .join('\n');
const lastOf = (name: string): Night => nightsOf(name).at(-1)!;

describe('a policy that adapts while people live under it', () => {
  it('begins a canary after a fortnight and widens it, where nothing speaks against it', () => {
    expect(decisionsOf('calm')).toEqual(['stay', 'stage', 'stay', 'stage', 'stay']);
    expect(said('calm', 'stay')).toContain('of 14 days were counted');
    expect(lastOf('calm')).toMatchObject({
      ...{ inactivityTimeout: 1_800, canary: { inactivityTimeout: 1_380, share: 50 } },
      ...{ createdBy: 'adaptation', version: 3 },
    });
  });

  it('is taken back, and not begun again, where twice as many people give up in the canary', () => {
    expect(decisionsOf('regression')).toEqual(expect.arrayContaining(['stay', 'stage', 'roll_back', 'stay']));
    expect(said('regression', 'roll_back')).toMatch(/^visits lost for each visit: .* 99 % certainty/);
    expect(lastOf('regression')).toMatchObject({
      ...{ kind: 'stay', inactivityTimeout: 1_800, canary: null, createdBy: 'adaptation', rollout: null },
      reasons: ['the last rollout was taken back less than 28 days ago'],
    });
  });

  it('stays as it is where what people do drifts', () => {
    expect(decisionsOf('drift')).toEqual(['stay']);
    expect(lastOf('drift')).toMatchObject({ inactivityTimeout: 1_800, canary: null, version: 1 });
    expect(said('drift', 'stay')).toContain(
      'the figure drifts: its later half differs from its earlier half',
    );
  });

  it('stays as it is where one account makes half of the silences', () => {
    expect(decisionsOf('one-account')).toEqual(['stay']);
    expect(lastOf('one-account')).toMatchObject({ inactivityTimeout: 1_800, canary: null, version: 1 });
    expect(nightsOf('one-account')[15]!.reasons.join()).toMatch(/^one of 16 parts .* of the silences/);
  });

  it('goes no further after a release in the middle of a rollout', () => {
    expect(decisionsOf('release')).toEqual(['stay', 'stage', 'stay', 'freeze']);
    expect(lastOf('release')).toMatchObject({ canary: { share: 10 }, version: 2 });
    expect(said('release', 'freeze')).toContain('an application was released less than 14 days ago');
  });

  it('costs a session nine bytes at most on average, marks included, although a canary is on them', async () => {
    const columns = ['after_idle_cut', 'shadow_end', 'shadow_used_after'];
    const others = await database.query<{ name: string }>(
      `SELECT quote_ident(column_name) AS name FROM information_schema.columns WHERE table_name = 'session' AND column_name <> ALL($1) ORDER BY ordinal_position`,
      [columns],
    );
    // Tables of their own, so that the alignment of a row counts as it does on disk.
    await database.query('CREATE TABLE whole AS SELECT * FROM session');
    await database.query(`CREATE TABLE bare AS SELECT ${others.map(({ name }) => name).join()} FROM session`);
    const sizeOf = async (table: string): Promise<number> =>
      (
        await database.query<{ size: number }>(
          `SELECT avg(ceil(pg_column_size(${table}.*) / 8.0) * 8)::float8 AS size FROM ${table}`,
        )
      )[0]!.size;
    const [{ marked }] = (await database.query('SELECT count(shadow_end)::int AS marked FROM session')) as [
      { marked: number },
    ];
    const more = (await sizeOf('whole')) - (await sizeOf('bare'));
    expect(marked).toBeGreaterThan(0);
    expect(more).toBeLessThanOrEqual(9);
  });

  it('never leaves its floor and its ceiling', () => {
    for (const { nights } of world.populations)
      for (const { inactivityTimeout, canary } of nights)
        for (const timeout of [inactivityTimeout, ...(canary ? [canary.inactivityTimeout] : [])]) {
          expect(timeout).toBeGreaterThanOrEqual(22 * 60);
          expect(timeout).toBeLessThanOrEqual(3_600);
        }
  });
});

describe('how policies adapt', () => {
  it('is decided again within the hour where a person changes the policy meanwhile', async () => {
    let change = async (): Promise<void> => {};
    class Interrupted extends PolicyEvidence {
      override async find(...asked: Parameters<PolicyEvidence['find']>) {
        const found = await super.find(...asked);
        await change();
        return found;
      }
    }
    const parts = { AdaptationStore, AdaptationSteps, NightlyAdaptation, PolicyEvidence: Interrupted };
    const other = await AdaptingWorld.open(database.url, { ...parts, InsightQuestions, PolicyActs }, needed);
    try {
      const nobody = { ...adversaries({ people: 0, seed: 1 })[0]!, name: 'disputed', plan: [[]] };
      await other.add(nobody, settings);
      const revision = { name: 'disputed', previous: 1, createdBy: 'person' };
      change = async () => {
        change = async () => {};
        await other.policies.save({
          ...revision,
          settings: { basedOn: 'standard', inactivityTimeout: '25m' },
        });
      };
      await other.live(0);
      const decided = () =>
        database.query(
          `SELECT decided_at, state -> 'decision' ->> 'kind' AS kind FROM policy_adaptation WHERE policy = 'disputed'`,
        );
      expect(await decided()).toEqual([{ decided_at: null, kind: null }]);
      const later = other.clock.advance(1_800);
      await other.nightly.run(later);
      expect(await decided()).toEqual([{ decided_at: null, kind: null }]);
      const again = other.clock.advance(1_800);
      await other.nightly.run(again);
      expect(await decided()).toEqual([{ decided_at: new Date(again), kind: 'stay' }]);
    } finally {
      await other.close();
    }
  });

  it('is remembered for a year: proposals that were settled, and releases', async () => {
    const now = instant(Date.UTC(2040, 0, 1));
    const ago = (days: number) => new Date(now - days * 86_400_000).toISOString();
    await database.query(
      `INSERT INTO policy_proposal (id, policy, status, from_timeout, to_timeout, numbers, made_at, settled_at)
       SELECT gen_random_uuid(), 'old', status, 1800, 1380, '{}', $1, settled_at
       FROM (VALUES ('declined', $2::timestamptz), ('approved', $3::timestamptz), ('open', NULL)) AS p(status, settled_at)`,
      [ago(800), ago(366), ago(364)],
    );
    await database.query(
      `INSERT INTO client_release (client_id, released_at, created_by) VALUES ('old', $1, 'bench'), ('old', $2, 'bench')`,
      [ago(366), ago(364)],
    );
    await new AdaptationStore(database.prisma()).prune(now);
    const left = await database.query<{ status: string }>(
      `SELECT status FROM policy_proposal WHERE policy = 'old' ORDER BY 1`,
    );
    expect(left.map(({ status }) => status)).toEqual(['approved', 'open']);
    expect(await database.query(`SELECT released_at FROM client_release WHERE client_id = 'old'`)).toEqual([
      { released_at: new Date(ago(364)) },
    ]);
  });
});
