import { Browser } from '../load/browser.mjs';
import { Connection, formPost } from '../load/connection.mjs';
import { authenticate, codeRequest } from '../load/operations.mjs';

const day = 86_400;
const scope = 'openid offline_access';

/** What is done within so many seconds of virtual time is done at once: each move of the clock costs two statements. */
const stepSeconds = 20;
/** Requests under way at a time. */
const maxLanes = 32;

/** Visits in the order in which something happens in them (a binary heap). */
class Agenda {
  #heap = [];

  get next() {
    return this.#heap[0]?.due;
  }

  add(visit) {
    const heap = this.#heap;
    heap.push(visit);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (heap[parent].due <= heap[at].due) break;
      [heap[parent], heap[at]] = [heap[at], heap[parent]];
      at = parent;
    }
  }

  take() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #sink() {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      const smallest = [2 * at + 1, 2 * at + 2]
        .filter((child) => child < heap.length)
        .reduce((least, child) => (heap[child].due < heap[least].due ? child : least), at);
      if (smallest === at) return;
      [heap[smallest], heap[at]] = [heap[at], heap[smallest]];
      at = smallest;
    }
  }
}

/**
 * People who live their visits through the product: they sign in at its pages and refresh at its token endpoint, and whether a session is
 * over is what the product answers. Counts what happened.
 */
export class Life {
  happened = { visits: 0, refreshes: 0, signIns: 0, cameBack: 0, gaveUp: 0, byClock: 0 };
  #agenda = new Agenda();
  #idle = [];

  constructor(target, time) {
    this.target = target;
    this.time = time;
  }

  /** A visit of an account to a client, to be lived. */
  plan({ account, client, visit, day: dayOfVisit, giveUpShare }) {
    const due = dayOfVisit * day + visit.startsAt;
    this.#agenda.add({ due, step: -1, account, client, visit, giveUpShare, token: undefined });
  }

  /** Lives everything that is planned. */
  async live(progress) {
    for (let told = 0; this.#agenda.next !== undefined; ) {
      const until = this.#agenda.next + stepSeconds;
      const due = [];
      while (this.#agenda.next <= until) due.push(this.#agenda.take());
      await this.time.moveTo(until);
      for (let at = 0; at < due.length; at += maxLanes)
        await Promise.all(due.slice(at, at + maxLanes).map((visit) => this.#act(visit, until)));
      if (Math.floor(until / day) > told) {
        told = Math.floor(until / day);
        progress(told, this.happened);
      }
    }
    for (const connection of this.#idle) connection.close();
  }

  /** Everything a person does in their visit up to an instant. */
  async #act(visit, until) {
    const connection = this.#idle.pop() ?? new Connection(this.target.port);
    try {
      while (visit.due <= until) {
        if (!(await this.#step(connection, visit))) return;
        const next = visit.visit.silences[++visit.step];
        if (next === undefined) return;
        visit.due += next.length;
      }
      this.#agenda.add(visit);
    } finally {
      this.#idle.push(connection);
    }
  }

  /** Ends the silence before: by a refresh, or where the session is over, by a new sign-in; false where the person gives up. */
  async #step(connection, visit) {
    const silence = visit.visit.silences[visit.step];
    if (silence === undefined) {
      this.happened.visits += 1;
      await this.#signIn(connection, visit);
      return true;
    }
    if (await this.#refresh(connection, visit)) {
      this.happened.byClock += Number(silence.byClock);
      return true;
    }
    if (silence.patience < visit.giveUpShare) {
      this.happened.gaveUp += 1;
      return false;
    }
    await this.#signIn(connection, visit);
    this.happened.cameBack += 1;
    return true;
  }

  async #signIn(connection, visit) {
    const { issuer } = this.target;
    const { client, account } = visit;
    const code = await new Browser().authorize(connection, {
      endpoint: `${issuer}/authorize`,
      client,
      redirectUri: client.redirectUri,
      scope,
      person: account,
    });
    const answer = await connection.send(codeRequest(new URL(`${issuer}/token`), client, code));
    visit.token = JSON.parse(answer.body).refresh_token;
    if (answer.status !== 200 || !visit.token) throw new Error(`no session: ${answer.status} ${answer.body}`);
    this.happened.signIns += 1;
  }

  /** False where the session is over. */
  async #refresh(connection, visit) {
    const form = { grant_type: 'refresh_token', refresh_token: visit.token };
    const [headers] = authenticate(visit.client, form);
    const answer = await connection.send(formPost(new URL(`${this.target.issuer}/token`), form, headers));
    const body = JSON.parse(answer.body);
    if (answer.status === 200) {
      visit.token = body.refresh_token;
      this.happened.refreshes += 1;
      return true;
    }
    if (body.error !== 'invalid_grant') throw new Error(`a refresh: ${answer.status} ${answer.body}`);
    return false;
  }
}
