import { instant } from '@curfew/session-policy';
import { SilenceRecorder } from './recorder.js';
import { rowsOf, summed } from './summed-counts.js';

/** The turns that other work gets until this work is done. */
async function turnsDuring<T>(work: () => Promise<T>): Promise<readonly [T, turns: number]> {
  let turns = 0;
  let isOver = false;
  const takeTurn = () => {
    turns += 1;
    if (!isOver) setImmediate(takeTurn);
  };
  setImmediate(takeTurn);
  const result = await work();
  isOver = true;
  return [result, turns];
}

describe('the counts of many clients', () => {
  it('are added up and written down in pieces of 64, between which other work has its turn', async () => {
    const recorder = new SilenceRecorder(true);
    const accountId = '00000000-0000-4000-8000-000000000000';
    for (let client = 0; client < 200; client += 1)
      recorder.count('cut', { accountId, clientId: `client-${client}` }, 1_800, 60_000, instant(0));
    const [{ histograms }, whileSummed] = await turnsDuring(() => summed(recorder.take().hours));
    expect([histograms.size, whileSummed]).toEqual([201, 3]);
    const [rows, whileWritten] = await turnsDuring(() => rowsOf(histograms));
    expect([JSON.parse(rows).length, whileWritten]).toEqual([201, 3]);
  });
});
