import { type Outcome, record, recorded } from '../support/golden.js';
import { desked } from './answers-desked.js';
import { LibraryHouse } from './answers-library.js';

const kept = recorded('library');

describe('oidc-provider, by itself', () => {
  let house: LibraryHouse;
  const answered = new Map<string, Outcome>();
  const failures: unknown[] = [];

  beforeAll(async () => {
    house = await LibraryHouse.start();
    house.provider.on('server_error', (_ctx, error) => failures.push(error));
    for (const { name, run } of desked) {
      const desk = house.desk();
      await run(desk).catch((error: unknown) => failures.push([name, error]));
      answered.set(name, desk.outcome());
    }
    record('library', Object.fromEntries(answered));
  }, 120_000);
  afterAll(() => house?.stop());

  it('answers every request that it is compared with', () => {
    expect(failures).toEqual([]);
  });

  it.each(desked)('answers as it was recorded: $name', ({ name }) => {
    expect(answered.get(name)).toEqual(kept[name]);
  });
});
