import { operations } from './operations.mjs';

/*
 * A session's life while the servers die around it. What is not answered is asked again with the same token, as a client
 * would: the retry window must give the same successor, so a kill never costs anybody a session.
 */
const patienceMs = 25_000;
const pauseMs = 250;
const oneIn = 100;

const isTransient = (problem) => /^status 50[0-9]|^connection/.test(problem);

/** The operation again and again until it is answered; a wrong answer is wrong at once. */
const patiently = (operation) => async (connection, item) => {
  const began = performance.now();
  for (;;) {
    const problem = await operation(connection, item).catch((error) => `connection: ${error.message}`);
    if (problem === undefined || !isTransient(problem) || performance.now() - began > patienceMs)
      return problem;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
};

/** Refresh, look whether the access token lives, and now and then end the session and look that it stays ended. */
export function life(target, { introspector, ...options }) {
  const refresh = patiently(operations.refresh(target, options));
  const isAlive = patiently(operations.introspection(target, { client: introspector }));
  const isDead = patiently(operations.introspection(target, { client: introspector, active: false }));
  const revoke = patiently(operations.revocation(target, options));
  return async (connection, item) => {
    if (item.ended) return isDead(connection, item);
    const problem = (await refresh(connection, item)) ?? (await isAlive(connection, item));
    if (problem !== undefined || Math.random() * oneIn > 1) return problem;
    return (await revoke(connection, item)) ?? isDead(connection, item);
  };
}
