import { readFileSync } from 'node:fs';
import type { Tokens } from '../e2e/engine-world.js';
import { missingForPatroni, type PatroniCluster, startPatroni } from '../support/patroni.js';
import { cancellingWaits, FailoverWorld } from './failovers.js';
import { shortened } from './length.js';
import { expectEndedEverywhere, type KillRound, killUnderLoad } from './patroni-rounds.js';

const missing = missingForPatroni();
if (missing.length > 0)
  console.warn(`not installed, so no failover by Patroni is tried: ${missing.join(', ')}`);
const kills = shortened(30);

let failover: FailoverWorld<PatroniCluster>;
beforeAll(async () => {
  if (missing.length > 0) return;
  const cluster = await startPatroni();
  failover = await FailoverWorld.over(cluster, { DATABASE_URL: cluster.list });
}, 300_000);
// jest-circus says of no hook whether its test failed, so a failing test says itself all that was printed.
const explained = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    const lines = failover.world.nodes.flatMap((node, index) =>
      node
        .output()
        .split('\n')
        .filter((line) => /honoured/.test(line))
        .map((line) => `node ${index}: ${line.slice(0, 500)}`),
    );
    const health = await Promise.all([0, 1].map((node) => failover.health(node).catch(String)));
    throw new Error(
      `${(error as Error).message}\nnodes: ${health.join(', ')}\n${lines.join('\n')}\n${failover.pair.printed()}`,
      { cause: error },
    );
  }
};
afterAll(() => failover?.stop(), 60_000);

const say = (text: string) => console.log(`patroni: ${text}`);

(missing.length > 0 ? describe.skip : describe)('three PostgreSQL servers that Patroni leads', () => {
  it('tell the figures by which our alerts notice that a standby is missing', async () => {
    await failover.pair.untilWhole();
    const texts = await failover.pair.figures();
    const sum = (name: string) =>
      texts.reduce(
        (all, text) => all + Number(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'm').exec(text)![1]),
        0,
      );
    const rules = readFileSync('deploy/prometheus/curfew.rules.yml', 'utf8');
    const named = [...new Set(rules.match(/\bpatroni_\w+(?=\))/g))];
    expect(Object.fromEntries(named.map((name) => [name, sum(name)]))).toEqual({
      patroni_sync_standby: 1,
      patroni_postgres_streaming: 2,
    });
  }, 130_000);

  it(
    'lose nothing that was acknowledged when the primary is killed under load, and are good again within 15 seconds',
    () =>
      explained(async () => {
        const ended: Tokens[] = [];
        const rounds: KillRound[] = [];
        while (rounds.length < kills) {
          const round = await killUnderLoad(failover, ended);
          rounds.push(round);
          say(
            `${rounds.length} of ${kills}: ${round.killed} was killed after ${round.ended} ends and ${round.refreshed} rotations; good again after ${Math.round(round.goodAfterMs)} ms`,
          );
          await expectEndedEverywhere(failover, ended);
        }
        const slowest = Math.max(...rounds.map(({ goodAfterMs }) => goodAfterMs));
        const refreshed = rounds.reduce((sum, round) => sum + round.refreshed, 0);
        say(
          `${kills} kills, ${ended.length} ends and ${refreshed} rotations acknowledged, none lost; good again after ${Math.round(slowest)} ms at most`,
        );
        expect(slowest).toBeLessThan(15_000);
      }),
    60_000 + kills * 120_000,
  );

  it(
    'do not keep a commit whose wait was cancelled: it was on the primary alone, and nobody was told that it is done',
    () =>
      explained(async () => {
        const { pair: cluster, world, web, api } = failover;
        await cluster.untilWhole();
        const [tokens] = (await failover.signIns(1)) as [Tokens];
        const letGo = await cluster.freezeStandbys();
        const old = await cluster.primary();
        const revoke = () => world.revoke(web, tokens.refresh_token);
        const { answer, cancelled } = await cancellingWaits(revoke(), (sql) => cluster.on(old, sql));
        expect(answer.status).toBe(503);
        expect(cancelled).toBeGreaterThan(0);
        // The session has ended for everybody who looks there, and still nobody may say that it is done.
        expect((await cancellingWaits(revoke(), (sql) => cluster.on(old, sql))).answer.status).toBe(503);
        const reasonAt = async (name: string) =>
          (await cluster.on(name, 'SELECT end_reason FROM session WHERE id = $1', [tokens.sid]))[0]![
            'end_reason'
          ];
        expect(await reasonAt(old)).toBe('revoked_by_client');

        await cluster.killPrimary('machine');
        const began = performance.now();
        letGo();
        await Promise.all([failover.untilServed(0, 60_000), failover.untilServed(1, 60_000)]);
        say(`a machine was lost; good again after ${Math.round(performance.now() - began)} ms`);
        expect(performance.now() - began).toBeLessThan(35_000);
        for (const node of [0, 1]) expect(await world.isActive(api, tokens.access_token, node)).toBe(true);
        cluster.revive(old);
        await cluster.untilWhole();
        // The old primary is rewound, and follows.
        for (const name of cluster.names)
          await world.until(
            `${name} has no end`,
            async () => (await reasonAt(name).catch(() => '')) === null,
            60_000,
          );

        expect((await world.revoke(web, tokens.refresh_token)).status).toBe(200);
        await expectEndedEverywhere(failover, [tokens]);
        say(`${cancelled} waits were cancelled, and the end was asked for again`);
      }),
    300_000,
  );
});
