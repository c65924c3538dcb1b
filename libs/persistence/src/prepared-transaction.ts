import type pg from 'pg';
import type { HotStatement } from './statements.js';

/** Runs a statement of a transaction; rows as arrays, in the order of its columns. */
export type RunStatement = <Row extends unknown[]>(
  statement: HotStatement,
  values: readonly unknown[],
) => Promise<Row[]>;

/**
 * A transaction of prepared statements, without Prisma (ADR 0015). A failure undoes it and closes its connection, so nobody has to know in
 * which state that was.
 */
export async function preparedTransaction<T>(
  pool: pg.Pool,
  work: (run: RunStatement) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let failed = true;
  try {
    await client.query('BEGIN');
    const result = await work(
      async <Row extends unknown[]>({ name, text }: HotStatement, values: readonly unknown[]) => {
        const answer = await client.query({ name, text, values: values as unknown[], rowMode: 'array' });
        return answer.rows as Row[];
      },
    );
    await client.query('COMMIT');
    failed = false;
    return result;
  } finally {
    client.release(failed);
  }
}
