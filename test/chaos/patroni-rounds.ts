import { setTimeout as pause } from 'node:timers/promises';
import type { Tokens } from '../e2e/engine-world.js';
import type { PatroniCluster } from '../support/patroni.js';
import { wholeNumbers } from '../support/random.js';
import type { FailoverWorld } from './failovers.js';
import { HonestClient } from './storm.js';

/** Twice as long as it usually takes. */
const worthALookMs = 10_000;
const randomInt = wholeNumbers('patroni');

/** The findings of one kill. */
export interface KillRound {
  readonly killed: string;
  /** Ends and rotations that were acknowledged before the kill. */
  readonly ended: number;
  readonly refreshed: number;
  /** From the kill until both nodes are ready and each client has refreshed anew. */
  readonly goodAfterMs: number;
}

/** The primary's PostgreSQL is killed in the middle of refreshes and ends; `ended` collects what was acknowledged as ended. */
export async function killUnderLoad(
  failover: FailoverWorld<PatroniCluster>,
  ended: Tokens[],
): Promise<KillRound> {
  const { pair: cluster, world, web } = failover;
  await cluster.untilWhole();
  const chains = (await failover.signIns(6)).map((tokens) => new HonestClient(world, web, tokens));
  const doomed = await failover.signIns(12);
  const before = ended.length;
  const running = Promise.all(chains.map((chain) => chain.run()));
  const ending = failover.endAll(doomed, ended);
  const refreshed = () => chains.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  await world.until(
    'something can be lost',
    async () => ended.length >= before + 3 && refreshed() >= 6,
    30_000,
  );
  await pause(randomInt(0, 60));
  const atKill = { ended: ended.length - before, refreshed: refreshed() };
  const printed = cluster.printing();
  const killed = await cluster.killPrimary('postgres');
  const began = performance.now();
  await untilGood(failover, chains);
  const goodAfterMs = performance.now() - began;
  // Which part of it took so long, only Patroni and PostgreSQL can say.
  if (goodAfterMs > worthALookMs)
    console.warn(`good again after ${Math.round(goodAfterMs)} ms:\n${printed()}`);
  await ending;
  for (const chain of chains) chain.stop();
  await running;
  await expectKept(failover, chains, ended.slice(before));
  return { killed, ...atKill, goodAfterMs };
}

/** Waits until both nodes serve, and each client was answered twice: the first answer may be older than the kill. */
async function untilGood(
  failover: FailoverWorld<PatroniCluster>,
  chains: readonly HonestClient[],
): Promise<void> {
  const then = chains.map(({ acknowledged }) => acknowledged);
  const goesOn = (chain: HonestClient, index: number) =>
    chain.acknowledged >= then[index]! + 2 || chain.complaints.length > 0;
  await Promise.all([
    failover.untilServed(0),
    failover.untilServed(1),
    failover.world.until('each client goes on', async () => chains.every(goesOn), 30_000),
  ]);
}

/** No acknowledged rotation and no acknowledged end is lost, and nobody honest was ended. */
async function expectKept(
  { world, api }: FailoverWorld<PatroniCluster>,
  chains: readonly HonestClient[],
  ended: readonly Tokens[],
): Promise<void> {
  for (const chain of chains) {
    await chain.refresh();
    expect(chain.complaints).toEqual([]);
    const { generation, end_reason } = await world.row(chain.sid);
    expect(end_reason).toBeNull();
    expect(generation).toBeGreaterThanOrEqual(chain.acknowledged);
  }
  for (const { access_token } of ended)
    for (const node of [0, 1]) expect(await world.isActive(api, access_token, node)).toBe(false);
  for (const node of world.nodes)
    expect(node.output()).not.toContain('the database lost what was acknowledged');
  await world.check();
}

/** Waits until all servers have everything, and expects that none of them, the rewound ones included, has one of these alive. */
export async function expectEndedEverywhere(
  { pair: cluster, world }: FailoverWorld<PatroniCluster>,
  ended: readonly Tokens[],
): Promise<void> {
  await cluster.untilWhole();
  const ids = ended.map(({ sid }) => sid);
  const count = 'SELECT count(*)::int AS count FROM session WHERE id = ANY($1) AND ended_at IS NOT NULL';
  for (const name of cluster.names) {
    const endedThere = async () => (await cluster.on(name, count, [ids]))[0]!['count'];
    await world.until(
      `server ${name} has every end`,
      async () => (await endedThere()) === ids.length,
      30_000,
    );
  }
}
