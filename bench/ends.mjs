import { Connection, get } from './load/connection.mjs';
import { operations } from './load/operations.mjs';
import { WrongAnswers } from './measure.mjs';
import { percentile } from './statistics.mjs';
import { startGateway } from './subjects/gateway.mjs';

/*
 * How long a token of an ended session is still let in: from the moment the authorization server has answered the
 * revocation until each follower refuses it. Every follower has let the token in just before, out of memory. The figure
 * is that of the slowest follower, and never less than the one round trip by which it is seen.
 */
const patienceMs = 5_000;

/** Ends sessions one after the other and watches all followers; one row for each number of followers. */
export async function measureEnds({ plan, subjects: [curfew], generator, options, progress }) {
  const rows = [];
  for (const followers of plan.followers) {
    const gateway = await startGateway(curfew, { followers });
    try {
      const measured = await endEach({ gateway, generator, ends: options.quick ? 60 : 500 });
      const path = followers === 1 ? plan.path : `${plan.path}-by-${followers}`;
      rows.push({ path, followers, ...measured });
      progress(`${path}: p50 ${measured.p50Ms.toFixed(2)} ms, p99 ${measured.p99Ms.toFixed(2)} ms`);
    } finally {
      await gateway.stop();
    }
  }
  return rows;
}

async function endEach({ gateway, generator, ends }) {
  const { source } = gateway;
  const { pool, options } = source.scenarios['refresh-guarded'];
  const items = await generator.call('take', { pool, count: ends });
  if (items.length < ends) throw new WrongAnswers(`${items.length} sessions were left to end, not ${ends}`);
  const server = new Connection(source.port);
  const doors = gateway.askings.map((headers) => new Door(gateway, headers));
  const refresh = operations.refresh(source.target, options);
  const revoke = operations.revocation(source.target, options);
  const [denials, answers] = [[], []];
  try {
    for (const item of items) {
      mustBeRight(await refresh(server, item));
      // The second time it is remembered.
      for (let time = 0; time < 2; time += 1)
        for (const isOpen of await Promise.all(doors.map((door) => door.letsIn(item))))
          if (!isOpen) throw new WrongAnswers('a live token was not let in');
      const began = performance.now();
      mustBeRight(await revoke(server, item));
      answers.push(performance.now() - began);
      denials.push(Math.max(...(await Promise.all(doors.map((door) => door.untilRefused(item))))));
    }
  } finally {
    server.close();
    for (const door of doors) door.close();
  }
  const [denied, answered] = [denials, answers].map((times) => times.sort((a, b) => a - b));
  return {
    ends,
    p50Ms: percentile(denied, 0.5),
    p99Ms: percentile(denied, 0.99),
    longestMs: denied.at(-1),
    answeredP50Ms: percentile(answered, 0.5),
    answeredP99Ms: percentile(answered, 0.99),
  };
}

function mustBeRight(problem) {
  if (problem !== undefined) throw new WrongAnswers(problem);
}

/** One way in: a follower that is asked by a connection of its own. */
class Door {
  #connection;
  #url;
  #headers;

  constructor({ port, target }, headers) {
    this.#connection = new Connection(port);
    this.#url = new URL(target.endpoints.gateway);
    this.#headers = headers;
  }

  async letsIn({ accessToken }) {
    const request = get(this.#url, { authorization: `Bearer ${accessToken}`, ...this.#headers });
    const { status } = await this.#connection.send(request);
    if (status !== 200 && status !== 401) throw new WrongAnswers(`the gateway answered ${status}`);
    return status === 200;
  }

  /** Milliseconds until it no longer lets this token in. */
  async untilRefused(item) {
    const began = performance.now();
    while (await this.letsIn(item))
      if (performance.now() - began > patienceMs)
        throw new WrongAnswers(`a token of an ended session was let in for ${patienceMs} ms`);
    return performance.now() - began;
  }

  close() {
    this.#connection.close();
  }
}
