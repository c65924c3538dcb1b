import {
  Batcher,
  commitColumns,
  type HotStatement,
  type HotStatements,
  isDatabaseUnavailable,
} from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { recordOnceText } from '@curfew/sessions/statements';
import { hashOfId } from '@curfew/tokens';
import type { ArtifactKey } from './staged-writes.js';

/** An id that may be used once until `expiresAt`. */
interface OnceRecord {
  readonly key: ArtifactKey;
  readonly now: Instant;
  readonly expiresAt: Instant;
}

// In the order of their keys, so that two statements with the same keys wait for each other and do not lock each other out.
const recordStatement: HotStatement = {
  name: 'artifact_insert_once',
  place: 'in its rows',
  text: `${recordOnceText(
    'SELECT kind, id_hash, to_timestamp(expires_at / 1000) FROM unnest($1::text[], $2::bytea[], $3::float8[]) AS u(kind, id_hash, expires_at)',
    'to_timestamp($4::float8 / 1000)',
  )}, ${commitColumns()}`,
};
type Row = [kind: string, idHash: Uint8Array, xid: string, position: string];

const limits = { inFlight: 2, largest: 64 };

/** One text for a kind and the hash of an id, by which rows are found again. */
export const nameOfRecord = (kind: string, idHash: Uint8Array): string =>
  `${kind} ${Buffer.from(idHash).toString('hex')}`;

/** Records of ids that may be used once; those that come together share a statement and its commit. */
export class OnceRecords {
  readonly #records: Batcher<OnceRecord, boolean>;

  constructor(private readonly statements: HotStatements) {
    this.#records = new Batcher((records) => this.#record(records), limits, isDatabaseUnavailable);
  }

  /** True for the first use of the id. */
  record(record: OnceRecord): Promise<boolean> {
    return this.#records.submit(record);
  }

  async #record(records: readonly OnceRecord[]): Promise<readonly boolean[]> {
    const named = records.map(({ key, expiresAt }) => {
      const idHash = hashOfId(key.id);
      return { kind: key.kind, idHash, expiresAt, name: nameOfRecord(key.kind, idHash) };
    });
    const first = new Map<string, (typeof named)[number]>();
    for (const one of named) if (!first.has(one.name)) first.set(one.name, one);
    const each = [...first.values()];
    const rows = await this.statements.run<Row>(recordStatement, [
      each.map(({ kind }) => kind),
      each.map(({ idHash }) => idHash),
      each.map(({ expiresAt }) => expiresAt),
      // The earliest instant: an id that has not expired for one of them counts as used for all.
      Math.min(...records.map(({ now }) => now)),
    ]);
    const recorded = new Set(rows.map(([kind, idHash]) => nameOfRecord(kind, idHash)));
    return named.map((one) => recorded.has(one.name) && first.get(one.name) === one);
  }
}
