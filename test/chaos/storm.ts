import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { atOnce, type EngineClient, type EngineWorld, sessionOf, type Tokens } from '../e2e/engine-world.js';
import { testSeed, wholeNumbers } from '../support/random.js';
import type { OwnDatabase } from './own-cluster.js';

const randomInt = wholeNumbers('storm');
process.stdout.write(`storm: CURFEW_TEST_SEED=${testSeed}\n`);

/** The processes and connections that are killed, each when it hurts most. */
export const kinds = ['server', 'backend', 'postmaster', 'commit'] as const;
export type Kind = (typeof kinds)[number];

/** Uses one token fifty times at once on two nodes, again and again: one successor each time, no error, no end. */
export async function refreshInParallel(
  world: EngineWorld,
  client: EngineClient,
  rounds: number,
): Promise<void> {
  let tokens = await world.signIn(client);
  for (let round = 0; round < rounds; round++) {
    const answers = await atOnce(50, async (node) => {
      await pause(randomInt(0, 4));
      return world.refresh(client, tokens.refresh_token, { node });
    });
    const seen = new Set(answers.map(({ status, body }) => `${status} ${body.refresh_token ?? body.error}`));
    expect([round, [...seen]]).toEqual([round, [expect.stringMatching(/^200 cfw_rt_/)]]);
    const [{ body }] = answers as [(typeof answers)[number]];
    expect(await world.row(tokens.sid)).toMatchObject({ generation: round + 1, ended_at: null });
    tokens = { ...body, sid: sessionOf(body.refresh_token) };
  }
  expect(await world.events(tokens.sid, 'session.reuse_found')).toEqual([]);
}

/**
 * Twenty processes share a store of tokens and wake at once on two nodes, with copies of up to five generations, again and again. All are
 * answered 200, the lineage never forks, and nothing ends. How many uses were served as siblings.
 */
export async function raceWithSiblings(
  world: EngineWorld,
  client: EngineClient,
  rounds: number,
): Promise<number> {
  const { refresh_token: first, sid } = await world.signIn(client);
  const tokens = [first];
  let siblings = 0;
  for (let round = 0; round < rounds; round++) {
    const answers = await atOnce(20, (node) =>
      world.refresh(client, tokens.at(-1 - randomInt(0, Math.min(tokens.length, 5)))!, { node }),
    );
    const told = new Set(answers.map(({ status, body }) => `${status} ${body.error ?? ''}`.trim()));
    expect([round, [...told]]).toEqual([round, ['200']]);
    const handedOut = answers.flatMap(({ body }) => body.refresh_token ?? []);
    siblings += answers.length - handedOut.length;
    const fresh = new Set(handedOut.filter((token) => !tokens.slice(-6).includes(token)));
    const { generation, ended_at } = await world.row(sid);
    expect([round, fresh.size, ended_at]).toEqual([round, generation - (tokens.length - 1), null]);
    expect(fresh.size).toBeLessThanOrEqual(1);
    tokens.push(...fresh);
  }
  expect(await world.events(sid, 'session.reuse_found')).toEqual([]);
  return siblings;
}

/** A client that does everything right: it repeats a request that was not answered, with the same token. */
export class HonestClient {
  acknowledged = 0;
  readonly complaints: string[] = [];
  readonly #successors = new Map<string, Set<string>>();
  #stopped = false;

  constructor(
    private readonly world: EngineWorld,
    private readonly client: EngineClient,
    private tokens: Tokens,
  ) {}

  get sid(): string {
    return this.tokens.sid;
  }

  /** Refreshes until told to stop. */
  async run(): Promise<void> {
    this.#stopped = false;
    while (!this.#stopped && this.complaints.length === 0) await this.refresh();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** One refresh, repeated until it is acknowledged. */
  async refresh(): Promise<void> {
    const parent = this.tokens.refresh_token;
    const deadline = performance.now() + 50_000;
    while (performance.now() < deadline) {
      const answer = await this.world
        .refresh(this.client, parent, { node: randomInt(0, 2) })
        .catch(() => undefined);
      if (answer?.status === 200) return this.adopt(parent, answer.body);
      if (answer && answer.status !== 503) {
        this.complaints.push(`${this.sid}: ${answer.status} ${answer.raw}`);
        return;
      }
      await pause(randomInt(20, 120));
    }
    this.complaints.push(`${this.sid}: no answer for 50 s`);
  }

  private adopt(parent: string, body: Tokens): void {
    const known = this.#successors.get(parent) ?? new Set();
    known.add(body.refresh_token);
    this.#successors.set(parent, known);
    if (known.size > 1) this.complaints.push(`${this.sid}: two successors of one token`);
    this.tokens = { ...body, sid: this.sid };
    this.acknowledged += 1;
  }
}

/** Ends a session by revocation, repeated until that is acknowledged. */
async function revokeForSure(world: EngineWorld, client: EngineClient, tokens: Tokens): Promise<void> {
  for (;;) {
    const answer = await world.revoke(client, tokens.refresh_token, randomInt(0, 2)).catch(() => undefined);
    if (answer?.status === 200) return;
    if (answer && answer.status !== 503) throw new Error(`revocation: ${answer.status} ${answer.raw}`);
    await pause(50);
  }
}

/** Kills something while clients are at work, puts it back, and resolves when everything answers again. */
async function strike(kind: Kind, world: EngineWorld, database: OwnDatabase): Promise<void> {
  await pause(randomInt(0, 250));
  switch (kind) {
    case 'server':
      await world.killAndRevive(randomInt(0, world.nodes.length));
      break;
    case 'backend': {
      // Half of them lose a connection; for the other half the process is killed, and PostgreSQL recovers as from a crash.
      const [backend] = await database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'curfew' ORDER BY state = 'active' DESC, random() LIMIT 1`,
      );
      if (!backend) break;
      if (randomInt(0, 2) === 0) await database.query('SELECT pg_terminate_backend($1)', [backend.pid]);
      else process.kill(backend.pid, 'SIGKILL');
      break;
    }
    case 'postmaster':
      await database.crashAndRecover();
      break;
    case 'commit':
      await Promise.race([world.proxy.cutAfterClientSends('session_rotate'), pause(2_000)]);
  }
  // A crash recovery takes its time on a busy machine.
  let last: unknown;
  const answers = () =>
    database.query('SELECT 1').then(
      () => true,
      (error: unknown) => {
        last = error;
        return false;
      },
    );
  await world.until('the database answers', answers, 60_000).catch((error: Error) => {
    throw new Error(`${kind}: ${error.message}`, { cause: last });
  });
  const isReady = async (node: number) => {
    const answer = await world.send(node, 'GET', '/health/ready').catch((error: unknown) => ({ error }));
    last = answer;
    return 'status' in answer && answer.status === 200;
  };
  for (const node of world.nodes.keys())
    await world
      .until('the node answers', () => isReady(node), 60_000)
      .catch((error: Error) => {
        const printed = world.nodes[node]!.output().slice(-3_000);
        throw new Error(
          `${kind}: ${error.message}; its last answer: ${inspect(last)}; it printed:\n${printed}`,
        );
      });
}

/**
 * Kills servers, backends, the whole database, and connections during COMMIT, at random moments under load. Afterwards no
 * acknowledged rotation or end is lost, nobody honest was ended, and no session has two live tokens.
 */
export async function killAtRandom(
  world: EngineWorld,
  client: EngineClient,
  database: OwnDatabase,
  rounds: number,
): Promise<Record<Kind, number>> {
  const done: Record<Kind, number> = { server: 0, backend: 0, postmaster: 0, commit: 0 };
  const clients: HonestClient[] = [];
  for (let n = 0; n < 6; n++) clients.push(new HonestClient(world, client, await world.signIn(client)));
  for (let round = 0; round < rounds; round++) {
    const kind = kinds[round % kinds.length]!;
    const doomed = await world.signIn(client, { person: world.stranger() });
    const before = clients.map(({ acknowledged }) => acknowledged);
    const work = clients.map((one) => one.run());
    const revoked = pause(randomInt(0, 300)).then(() => revokeForSure(world, client, doomed));
    await strike(kind, world, database);
    await pause(100);
    for (const one of clients) one.stop();
    await Promise.all([...work, revoked]);
    for (const one of clients) await one.refresh();
    const complaints = clients.flatMap((one) => one.complaints);
    expect([round, kind, complaints]).toEqual([round, kind, []]);
    for (const [index, one] of clients.entries()) expect(one.acknowledged).toBeGreaterThan(before[index]!);
    expect(await world.endOf(doomed.sid)).toBe('revoked_by_client');
    expect((await world.refresh(client, doomed.refresh_token)).status).toBe(400);
    await world.check();
    done[kind] += 1;
  }
  for (const { sid } of clients) {
    expect(await world.endOf(sid)).toBeNull();
    expect(await world.events(sid, 'session.reuse_found')).toEqual([]);
  }
  return done;
}
