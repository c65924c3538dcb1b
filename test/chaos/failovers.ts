import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { type EngineClient, EngineWorld, orders, type Tokens } from '../e2e/engine-world.js';
import type { TestDatabase } from '../support/database.js';
import { type DatabasePair, startDatabasePair } from '../support/database-pair.js';
import { wholeNumbers } from '../support/random.js';
import { HonestClient } from './storm.js';

const randomInt = wholeNumbers('failovers');

/** Two nodes on a primary and its standbys, and who signs in there. */
export class FailoverWorld<Servers extends TestDatabase = DatabasePair> {
  private constructor(
    readonly pair: Servers,
    readonly world: EngineWorld,
    readonly web: EngineClient,
    readonly api: EngineClient,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}, nodes = 2): Promise<FailoverWorld> {
    return FailoverWorld.over(await startDatabasePair(), settings, nodes);
  }

  static async over<Servers extends TestDatabase>(
    pair: Servers,
    settings: Readonly<Record<string, string>>,
    nodes = 2,
  ): Promise<FailoverWorld<Servers>> {
    const world = await EngineWorld.start({
      database: pair,
      nodes,
      settings: { CURFEW_DATABASE_CONNECT_TIMEOUT: '2s', CURFEW_DATABASE_POOL_SIZE: '4', ...settings },
    }).catch(async (error: unknown) => {
      await pair.drop();
      throw error;
    });
    const web = await world.client({}, { retryWindow: '60s', retryLimit: 20, absoluteLifetime: '24h' });
    const api = await world.client({ grant_types: [], redirect_uris: [], resources: [], resource: orders });
    return new FailoverWorld(pair, world, web, api);
  }

  stop(): Promise<void> {
    return this.world.stop();
  }

  /** Signs in one after the other, as the browser of one person does. */
  async signIns(count: number): Promise<Tokens[]> {
    const all: Tokens[] = [];
    while (all.length < count) all.push(await this.world.signIn(this.web));
    return all;
  }

  /** Ends sessions one after the other; those whose end was acknowledged are put into `ended`. */
  async endAll(sessions: readonly Tokens[], ended: Tokens[] = []): Promise<Tokens[]> {
    for (const tokens of sessions) {
      const answer = await this.world
        .revoke(this.web, tokens.refresh_token, randomInt(0, 2))
        .catch(() => undefined);
      if (answer?.status === 200) ended.push(tokens);
    }
    return ended;
  }

  /** Waits until a node answers questions about tokens again. */
  untilServed(node: number, patienceMs = 30_000): Promise<void> {
    return this.world.until(
      `node ${node} answers again`,
      async () =>
        (await this.world.introspect(this.api, 'x', { node }).catch(() => undefined))?.status === 200 &&
        (await this.health(node)) === 200,
      patienceMs,
    );
  }

  /** The status with which a node says whether it is ready. */
  async health(node: number): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.world.nodes[node]!.port}/health/ready`)).status;
  }

  /** Takes the step that follows a restore, as an operator does. */
  afterRestore(): Promise<number | null> {
    const { CURFEW_DEV_FILE: _, ...env } = this.world.nodes[0]!.environment;
    const child = spawn(process.execPath, ['apps/admin-api/dist/after-restore.js', '--yes'], {
      env,
      stdio: 'ignore',
    });
    return new Promise((resolve) => child.once('close', resolve));
  }
}

/** The primary dies in the middle of refreshes and ends, with a standby that confirms: nothing is lost, and nobody is refused for long. */
export async function synchronousRound(failover: FailoverWorld) {
  const { pair, world, web, api } = failover;
  await pair.addStandby();
  await pair.confirmByStandby();
  const chains = (await failover.signIns(3)).map((tokens) => new HonestClient(world, web, tokens));
  const doomed = await failover.signIns(12);
  const running = Promise.all(chains.map((chain) => chain.run()));
  const ended: Tokens[] = [];
  const ending = failover.endAll(doomed, ended);
  const refreshed = () => chains.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  await world.until('something can be lost', async () => ended.length >= 3 && refreshed() >= 3, 30_000);
  await pause(randomInt(0, 60));
  const before = { ended: ended.length, refreshed: refreshed() };
  await pair.killAndPromote();
  await ending;
  await Promise.all([failover.untilServed(0), failover.untilServed(1)]);
  for (const chain of chains) chain.stop();
  await running;
  for (const tokens of ended)
    for (const node of [0, 1]) expect(await world.isActive(api, tokens.access_token, node)).toBe(false);
  for (const chain of chains) {
    await chain.refresh();
    expect(chain.complaints).toEqual([]);
  }
  return { before, ended: ended.length, refreshed: refreshed() };
}

/** The primary dies, and a standby that has not heard of the last ends takes over: nobody is served until an operator has taken the step. */
export async function laggingRound(failover: FailoverWorld) {
  const { pair, world, web, api } = failover;
  await pair.addStandby();
  const doomed = await failover.signIns(6);
  await untilCaughtUp(pair);
  await pair.letStandbyLag();
  const ended = await failover.endAll(doomed);
  expect(ended).toHaveLength(doomed.length);
  await pair.killAndPromote();
  const refused = await Promise.all([0, 1].map((node) => askUntilRefused(failover, ended, node)));
  const answers = await Promise.all(
    ended.flatMap((tokens) => [0, 1].map((node) => world.introspect(api, tokens.access_token, { node }))),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  expect(await failover.afterRestore()).toBe(0);
  await Promise.all([failover.untilServed(0), failover.untilServed(1)]);
  for (const tokens of ended)
    for (const node of [0, 1]) expect(await world.isActive(api, tokens.access_token, node)).toBe(false);
  const young = await world.signIn(web);
  for (const node of [0, 1]) expect(await world.isActive(api, young.access_token, node)).toBe(true);
  return { ended: ended.length, asked: refused.reduce((sum, count) => sum + count, 0) };
}

/** Asks about ended sessions again and again until the node refuses for good; none may be active meanwhile. */
async function askUntilRefused(
  { world, api }: FailoverWorld,
  ended: readonly Tokens[],
  node: number,
): Promise<number> {
  let asked = 0;
  const refusing = () => world.nodes[node]!.output().includes('the database lost what was acknowledged');
  const before = count(world.nodes[node]!.output());
  for (let looks = 0; looks < 2_000 && count(world.nodes[node]!.output()) === before; looks += 1) {
    const { access_token } = ended[looks % ended.length]!;
    const answer = await world.introspect(api, access_token, { node }).catch(() => undefined);
    asked += 1;
    if (answer?.status === 200) expect([asked, answer.body.active]).toEqual([asked, false]);
    await pause(5);
  }
  expect([node, refusing()]).toEqual([node, true]);
  return asked;
}

const count = (text: string): number => text.split('the database lost what was acknowledged').length;

/** Waits until the standby has replayed everything that the primary wrote. */
export async function untilCaughtUp(pair: DatabasePair): Promise<void> {
  for (let looks = 0; looks < 200; looks += 1) {
    const [{ position }] = (await pair.on(
      'primary',
      'SELECT pg_current_wal_insert_lsn()::text AS position',
    )) as [{ position: string }];
    const [{ there }] = (await pair.on(
      'standby',
      `SELECT pg_last_wal_replay_lsn() >= '${position}'::pg_lsn AS there`,
    )) as [{ there: boolean }];
    if (there) return;
    await pause(25);
  }
  throw new Error('the standby does not catch up');
}

/** Cancels every wait for a standby until the answer is there; how many waits that were. */
export async function cancellingWaits<Answer>(
  asking: Promise<Answer>,
  ask: (sql: string) => Promise<readonly unknown[]>,
): Promise<{ readonly answer: Answer; readonly cancelled: number }> {
  let isOver = false;
  const over = asking.finally(() => {
    isOver = true;
  });
  over.catch(() => {});
  let cancelled = 0;
  const text = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
  while (!isOver) cancelled += (await ask(text)).length;
  return { answer: await over, cancelled };
}
