import { Connection, formPost, get } from './connection.mjs';
import { authenticate, operations } from './operations.mjs';

/*
 * A session's life while the servers die around it. What is not answered is asked again with the same token, as a client
 * would: the retry window must give the same successor, so a kill never costs anybody a session.
 */
const patienceMs = 25_000;
/** A server that nobody can reach for so long does not come back. */
const startsWithinMs = 120_000;
const pauseMs = 250;
const endsOneIn = 100;
const looksBackOneIn = 20;
/** How long a gateway may let in what has ended, whatever breaks: what is published. */
const boundMs = 2_000;

const isTransient = (problem) => /^status 50[0-9]|^connection/.test(problem);
/** Nobody was there to ask, so nothing was done that a later repetition could be taken for a replay of. */
const isUnheard = (problem) => /ECONNREFUSED/.test(problem);

/** The operation again and again until it is answered; a wrong answer is wrong at once. */
const patiently = (operation) => async (connection, item) => {
  const asked = performance.now();
  let began = asked;
  let heard = false;
  for (;;) {
    const problem = await operation(connection, item).catch((error) => `connection: ${error.message}`);
    heard ||= problem === undefined || !isUnheard(problem);
    if (!heard && performance.now() - asked < startsWithinMs) began = performance.now();
    if (problem === undefined || !isTransient(problem) || performance.now() - began > patienceMs)
      return problem;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
};

/** The refresh token of an ended session is worth nothing. */
function isSpent({ endpoints }, { client }) {
  const url = new URL(endpoints.token);
  return async (connection, item) => {
    const form = { grant_type: 'refresh_token', refresh_token: item.refreshToken };
    const { status, body } = await connection.send(formPost(url, form, ...authenticate(client, form)));
    if (status === 400 && body.includes('"invalid_grant"')) return undefined;
    return status === 200
      ? 'a session that had ended was refreshed'
      : `status ${status} ${body.slice(0, 160)}`;
  };
}

/** The gateway beside the server: it may say 503 when it cannot know, but never lets in what ended longer than the bound ago. */
function gatewayOf({ port, url, headers }) {
  const connections = new WeakMap();
  const ask = async (beside, { accessToken }) => {
    const connection = connections.get(beside) ?? new Connection(port);
    connections.set(beside, connection);
    const request = get(new URL(url), { authorization: `Bearer ${accessToken}`, ...headers });
    return (await connection.send(request)).status;
  };
  return {
    async letsIn(connection, item) {
      const status = await ask(connection, item);
      return status === 200 || status === 503
        ? undefined
        : `status ${status} of the gateway for a live token`;
    },
    async refuses(connection, item) {
      const ended = performance.now();
      for (;;) {
        const asked = performance.now();
        const status = await ask(connection, item);
        if (status === 401 || status === 503) return undefined;
        if (status !== 200) return `status ${status} of the gateway for a dead token`;
        if (asked - ended > boundMs)
          return `the gateway let an ended session in after ${Math.round(asked - ended)} ms`;
      }
    },
  };
}

/**
 * Refresh, look whether the access token lives, here and at the gateway; now and then end the session and look that it
 * stays ended. Another one, from the pool `spares`, takes its place, so that a long run is not one of dead sessions.
 */
export function life(target, { introspector, gateway, spares, ...options }, take) {
  const refresh = patiently(operations.refresh(target, options));
  const isAlive = patiently(operations.introspection(target, { client: introspector }));
  const isDead = patiently(operations.introspection(target, { client: introspector, active: false }));
  const cannotRefresh = patiently(isSpent(target, options));
  const revoke = patiently(operations.revocation(target, options));
  const door = gatewayOf(gateway);
  const counts = { refreshes: 0, ends: 0, looksBack: 0 };
  const graves = [];
  const lookBack = async (connection) => {
    const grave = graves[Math.floor(Math.random() * graves.length)];
    counts.looksBack += 1;
    return (await isDead(connection, grave)) ?? cannotRefresh(connection, grave);
  };
  const end = async (connection, item) => {
    const spare = take(spares);
    if (!spare) return undefined;
    const problem =
      (await revoke(connection, item)) ??
      (await door.refuses(connection, item)) ??
      (await isDead(connection, item));
    counts.ends += 1;
    graves.push({ ...item });
    Object.assign(item, spare, { ended: false });
    return problem;
  };
  const live = async (connection, item) => {
    if (graves.length > 0 && Math.random() * looksBackOneIn < 1) {
      const problem = await lookBack(connection);
      if (problem !== undefined) return problem;
    }
    const problem =
      (await refresh(connection, item)) ??
      (await isAlive(connection, item)) ??
      (await door.letsIn(connection, item));
    counts.refreshes += 1;
    return problem === undefined && Math.random() * endsOneIn < 1 ? end(connection, item) : problem;
  };
  return Object.assign(live, { counts });
}
