import { instant } from '@curfew/session-policy';
import { isUuid, leastIdAt, newId } from './ids.js';

describe('an id', () => {
  it('is a UUIDv7 of its own, also where very many are made at one instant', () => {
    const ids = Array.from({ length: 10_000 }, () => newId(instant(1_900_000_000_000)));
    expect(new Set(ids).size).toBe(10_000);
    // Nor do two share their random half, as they would if random bytes were used twice.
    expect(new Set(ids.map((id) => id.slice(19))).size).toBe(10_000);
    expect(ids.filter((id) => !isUuid(id) || !/^01ba60d3-3800-7...-[89ab]/.test(id))).toEqual([]);
  });

  it('sorts by the instant at which it was made', () => {
    const [before, at, after] = [1_000, 1_001, 1_002].map((ms) => newId(instant(ms)));
    expect([after, at, before].sort()).toEqual([before, at, after]);
    expect([leastIdAt(instant(1_001)), before, at].sort()).toEqual([before, leastIdAt(instant(1_001)), at]);
  });
});
