import { setImmediate as turn } from 'node:timers/promises';
import type { Arm } from '@curfew/session-policy/trial';
import { addTo, bucketCount, type CountKind, foldCount } from './counts.js';
import { type CountedHour, dayOf, histogramsOf, hourOfWeek } from './recorder.js';

/** All clients together are counted as a client with this id, which none can have. */
export const allClients = '';

/** Returned silences of a client over all of its folds are a fold of their own: clients are ranked by them. */
export const allFolds = foldCount;

/** Clients are ranked by their returned silences; all of them together are no client. */
const isRanked = ({ kind, clientId }: Key): boolean => kind === 'returned' && clientId !== allClients;

interface Key {
  readonly clientId: string;
  readonly inactivityTimeout: number;
  readonly day: string;
  readonly kind: CountKind;
  readonly fold: number;
  readonly arm: Arm;
  readonly hour?: number;
}

/** A histogram that is written as one row. */
interface Sum {
  readonly key: Key;
  readonly counts: Float64Array;
}

/** Sums by the names of their keys. */
type Sums = Map<string, Sum>;

/**
 * Histograms that are added up, or written down, before other work has its turn. A server with a thousand clients has thousands of them, and no
 * request waits for statistics.
 */
const atOnce = 64;

/** Adds up histograms of one key, for each client and for all together: those of a day, and those of an hour of the week. */
export async function summed(hours: readonly CountedHour[]): Promise<{ histograms: Sums; returned: Sums }> {
  const [histograms, returned]: [Sums, Sums] = [new Map(), new Map()];
  let done = 0;
  for (const { hour, counts, ...counted } of histogramsOf(hours)) {
    if (++done % atOnce === 0) await turn();
    const day = dayOf(hour);
    for (const clientId of [counted.clientId, allClients]) {
      const key = { day, ...counted, clientId };
      addSum(histograms, key, counts);
      if (isRanked(key)) addSum(histograms, { day, ...counted, arm: 0, fold: allFolds }, counts);
      if (key.kind === 'returned')
        addSum(returned, { hour: hourOfWeek(hour), ...key, arm: 0, fold: 0 }, counts);
    }
  }
  return { histograms, returned };
}

function addSum(sums: Sums, key: Key, counts: ArrayLike<number>): void {
  const { clientId, inactivityTimeout, day, kind, fold, arm, hour } = key;
  const name = `${clientId} ${inactivityTimeout} ${hour ?? day} ${kind} ${fold} ${arm}`;
  let sum = sums.get(name);
  if (sum === undefined) {
    sum = { key, counts: new Float64Array(bucketCount) };
    sums.set(name, sum);
  }
  addTo(sum.counts, counts);
}

/** The rows of a statement, as JSON. */
export async function rowsOf(sums: Sums): Promise<string> {
  const rows: string[] = [];
  for (const { key, counts } of sums.values()) {
    rows.push(JSON.stringify({ ...key, counts: inSql(counts) }));
    if (rows.length % atOnce === 0) await turn();
  }
  return `[${rows.join()}]`;
}

const inSql = (counts: Float64Array): string => `{${counts.join(',')}}`;
