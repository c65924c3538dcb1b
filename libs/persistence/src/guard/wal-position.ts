/** A position in PostgreSQL's write-ahead log: a number of bytes since its beginning. It goes on across timelines. */
export type WalPosition = bigint;

/** Reads a position as PostgreSQL writes it, such as `16/B374D848` (PostgreSQL, pg_lsn type). */
export function readWalPosition(text: string): WalPosition {
  const [, high, low] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? [];
  if (high === undefined || low === undefined) throw new TypeError(`not a WAL position: ${text}`);
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
