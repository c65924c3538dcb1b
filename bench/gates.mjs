import { Connection } from './load/connection.mjs';
import { fingerprint, operations } from './load/operations.mjs';

/*
 * What must hold before a number counts: eight parallel uses of one token have one successor, the replay of an old
 * ancestor ends the session and what it gave out, and what was given out under load is really alive.
 */
const parallelUses = 8;

async function refreshOnce(subject, item, connection) {
  const { options } = subject.scenarios.refresh;
  const problem = await operations.refresh(subject.target, options)(connection, item);
  return problem === undefined;
}

async function onOneConnection(subject, work) {
  const connection = new Connection(subject.port);
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

/** How many different successors eight parallel uses of one refresh token got. */
export async function successorsOfParallelUse(subject) {
  const { refreshToken } = await subject.newSession();
  const successors = await Promise.all(
    Array.from({ length: parallelUses }, () =>
      onOneConnection(subject, async (connection) => {
        const item = { refreshToken };
        return (await refreshOnce(subject, item, connection)) ? fingerprint(item.refreshToken) : undefined;
      }),
    ),
  );
  return new Set(successors.filter((one) => one !== undefined)).size;
}

/** Whether replaying the oldest of three tokens is refused and ends the session with all it gave out. */
export const replayEndsSession = (subject) =>
  onOneConnection(subject, async (connection) => {
    const first = await subject.newSession();
    const live = { ...first };
    for (let use = 0; use < 3; use += 1)
      if (!(await refreshOnce(subject, live, connection))) return 'a new session did not refresh';
    if (await refreshOnce(subject, { ...first }, connection))
      return 'the replay of an ancestor was answered with tokens';
    if (await refreshOnce(subject, { ...live }, connection))
      return 'the session outlived the replay of an ancestor';
    if (await isActive(subject, live, connection)) return 'an access token outlived the end of its session';
    return undefined;
  });

const isActive = async (subject, item, connection, client = subject.introspector) =>
  (await operations.introspection(subject.target, { client })(connection, item)) === undefined;

/** How many of these items' access tokens are not alive by the server's own introspection, asked by `client`. */
export const notAlive = (subject, items, client) =>
  onOneConnection(subject, async (connection) => {
    let dead = 0;
    for (const item of items)
      if (!(await isActive(subject, item, connection, item.client ?? client))) dead += 1;
    return dead;
  });
