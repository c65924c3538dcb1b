import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { golden, type Outcome, record, recorded } from '../support/golden.js';
import { comparable, type Told } from './answers-comparable.js';
import { cellOf, missingFrom } from './answers-coverage.js';
import { desked } from './answers-desked.js';
import { differences } from './answers-differences.js';
import { exchangesOfOurs, type OwnCase } from './answers-exchange.js';
import { DeskWorld, type OurDesk } from './answers-our-desk.js';

const corpus: readonly OwnCase[] = [...desked, ...exchangesOfOurs];

type Members = Readonly<Record<string, unknown>>;

interface Run {
  readonly desk: OurDesk;
  readonly failure: unknown;
  readonly outcome: Outcome;
}

let house: DeskWorld;
const runs = new Map<string, Run>();
const kept = recorded('cells');
const library = recorded('library');

/** The response of the library, as far as it is compared. */
const told = (answer: unknown) => (answer as { readonly told?: Members } | undefined)?.told ?? {};

const asRecorded = (outcome: unknown): Outcome => {
  const { issuer, callback } = house.world.protocol;
  const hosts = { [new URL(issuer).host]: 'HOST', [new URL(callback).origin]: 'ORIGIN' };
  return golden(outcome, { [issuer]: 'ISSUER', [callback]: 'CALLBACK', ...hosts });
};

beforeAll(async () => {
  house = await DeskWorld.start();
  for (const { name, run } of corpus) {
    const desk = house.desk();
    const failure = await run(desk).then(
      () => undefined,
      (error: unknown) => error ?? 'failed',
    );
    runs.set(name, { desk, failure, outcome: asRecorded(await desk.side.outcome()) });
  }
  const answers = [...runs].map(([name, { outcome }]) => [name, outcome] as const);
  // Recorded responses stay as they are.
  record('cells', { ...Object.fromEntries(answers), ...kept });
}, 240_000);
afterAll(() => house?.stop());

describe('a request of a client of any kind', () => {
  it.each(corpus)('is answered as it was when its answer was recorded: $name', ({ name }) => {
    const { desk, failure, outcome } = runs.get(name)!;
    expect(failure).toBeUndefined();
    expect(desk.side.replies.length).toBeGreaterThan(0);
    expect(outcome).toEqual(kept[name]);
  });

  it('has its answer in the recording, and nothing else has', () => {
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
    expect(Object.keys(kept).sort()).toEqual(corpus.map(({ name }) => name).sort());
    expect(Object.keys(library).sort()).toEqual(desked.map(({ name }) => name).sort());
  });

  it('is counted on the page about the structure', () => {
    const page = readFileSync(join(process.cwd(), 'docs/structure-before-and-after.md'), 'utf8');
    const all = Object.keys(kept).length + Object.keys(recorded('answers')).length;
    expect(page).toContain(`${all.toLocaleString('en')} recorded cases are its test;`);
    expect(page).toContain(
      `all but 108 about revocations and ${exchangesOfOurs.length} about token exchanges`,
    );
  });

  it('stands in every cell of the table of clients, grants, formats and outcomes that makes sense', () => {
    const cells = new Set([...runs.values()].flatMap(({ desk }) => desk.side.replies.map(cellOf)));
    expect(missingFrom(cells)).toEqual([]);
  });

  it('is never a fault of the server', () => {
    const faults = [...runs].filter(([, { desk }]) => desk.side.replies.some(({ status }) => status >= 500));
    expect(faults.map(([name]) => name)).toEqual([]);
  });

  it('is answered as oidc-provider answers it, but for the differences that have a reason', () => {
    const pairs = desked.flatMap(({ name }) => {
      const { answers } = runs.get(name)!.outcome;
      expect([name, library[name]?.answers.length]).toEqual([name, answers.length]);
      return answers.map((answer, index) => {
        const ours = comparable(answer as never as Told);
        const refusedBefore = answers.slice(0, index).some((one) => (one as never as Told).status >= 400);
        return { name, index, ours, theirs: told(library[name]?.answers[index]), refusedBefore };
      });
    });
    const differing = pairs.filter(({ ours, theirs }) => JSON.stringify(ours) !== JSON.stringify(theirs));
    const unexplained = differing.filter((pair) => !differences.some(({ explains }) => explains(pair)));
    expect(unexplained.map((pair) => JSON.stringify(pair))).toEqual([]);
    const idle = differences.filter(({ explains }) => !differing.some(explains));
    expect(idle.map(({ reason }) => reason)).toEqual([]);
  });
});
