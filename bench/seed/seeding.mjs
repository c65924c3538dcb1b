import pg from 'pg';

/** A connection for seeding, closed when the work is done. */
export async function seeding(databaseUrl, work) {
  const database = new pg.Client(databaseUrl);
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}
