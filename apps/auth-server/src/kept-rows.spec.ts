import { KeptRows } from './kept-rows.js';

/** Reads that end when the test says so. */
function slowRows() {
  const ends: { resolve(): void; reject(error: Error): void }[] = [];
  const read = () =>
    new Promise<void>((resolve, reject) => {
      ends.push({ resolve, reject });
    });
  return { rows: new KeptRows(read), ends };
}
const turn = () => new Promise(setImmediate);

describe('rows that a node keeps', () => {
  it('are read once at a time, and once more for all who asked meanwhile', async () => {
    const { rows, ends } = slowRows();
    const first = rows.load();
    await turn();
    const others = [rows.load(), rows.load(), rows.load()];
    await turn();
    expect(ends).toHaveLength(1);
    ends[0]!.resolve();
    await first;
    await turn();
    expect(ends).toHaveLength(2);
    ends[1]!.resolve();
    await Promise.all(others);
    expect(ends).toHaveLength(2);
  });

  it('are read again after a read that failed, which only those who waited for it hear of', async () => {
    const { rows, ends } = slowRows();
    const first = rows.load();
    await turn();
    const second = rows.load();
    ends[0]!.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await turn();
    ends[1]!.resolve();
    await second;
  });
});
