import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DatabaseGuard, isDatabaseUnavailable } from '@curfew/persistence';
import type { SessionId } from '@curfew/session-policy';
import pg from 'pg';
import {
  cancellingWaits,
  FailoverWorld,
  laggingRound,
  synchronousRound,
  untilCaughtUp,
} from '../chaos/failovers.js';
import { HonestClient } from '../chaos/storm.js';
import { freePort } from '../support/ports.js';
import type { Tokens } from './engine-world.js';

const line = 'the database lost what was acknowledged';
let failover: FailoverWorld;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-state-'));
  failover = await FailoverWorld.start({ CURFEW_STATE_FOLDER: folder });
}, 120_000);
afterAll(async () => {
  await failover?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** A session that is refreshed without pause while something is done to the database, and that must come through. */
async function refreshedDuring(work: () => Promise<unknown>): Promise<void> {
  const { world, web } = failover;
  const chain = new HonestClient(world, web, await world.signIn(web));
  const running = chain.run();
  await world.until('something can be lost', async () => chain.acknowledged > 0);
  await work();
  await Promise.all([failover.untilServed(0), failover.untilServed(1)]);
  chain.stop();
  await running;
  await chain.refresh();
  expect(chain.complaints).toEqual([]);
  for (const node of world.nodes) expect(node.output()).not.toContain(line);
}

describe('where nothing is lost, nobody is refused', () => {
  it(
    'PostgreSQL is killed, and recovers from its log',
    () => refreshedDuring(() => failover.pair.crashAndRecover()),
    120_000,
  );

  it('the primary is stopped in good order, and its standby promoted', async () => {
    await failover.pair.addStandby();
    await refreshedDuring(() => failover.pair.switchOver());
  }, 120_000);

  it('the doctor says whether a standby confirms', async () => {
    const { pair } = failover;
    await pair.addStandby();
    expect(await doctor('failover')).toMatchObject({
      state: 'note',
      detail: expect.stringMatching(/a failover loses what it lacks.*standby lacks \d+ \w+/),
    });
    await pair.confirmByStandby();
    expect(await doctor('failover')).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('standby confirms each commit'),
    });
    await pair.holdCommits(true);
    expect(await doctor('failover')).toMatchObject({ state: 'wrong' });
    await pair.holdCommits(false);
    await pair.switchOver();
  }, 120_000);

  it('a connection is proven slowly, while another one is proven and commits', async () => {
    const [slow, quick] = [0, 1].map(() => new pg.Client(failover.pair.url)) as [pg.Client, pg.Client];
    await Promise.all([slow.connect(), quick.connect()]);
    const guard = await DatabaseGuard.open({ onVerdict: () => {}, onFailure: () => {} });
    const others: string[] = [];
    const late = {
      async query(...asked: [string]) {
        const answer = await slow.query(...asked);
        if (asked[0].includes('pg_walfile_name') && others.length === 0)
          others.push(await guard.admit(quick));
        return answer;
      },
    };
    expect([await guard.admit(late as unknown as pg.ClientBase)]).toEqual(others);
    expect(guard.refusal).toBeUndefined();
    await Promise.all([slow.end(), quick.end()]);
  });

  it('the processes are started again', () => refreshedDuring(() => failover.world.restart()), 120_000);

  it('a node to which no commit is acknowledged is not ready, and is again when commits go through', async () => {
    const { pair, world } = failover;
    await refreshedDuring(async () => {
      await pair.holdCommits(true);
      for (const node of [0, 1])
        await world.until('it is not ready', async () => (await failover.health(node)) === 503, 30_000);
      await pair.holdCommits(false);
    });
  }, 120_000);
});

describe('a synchronous standby', () => {
  it.each(['of the session alone', 'with its browser'])(
    'that confirms nothing: an end whose wait was cancelled is not called done when it is asked for again: %s',
    async (way) => {
      const { pair, world, web } = failover;
      const tokens = await world.signIn(web);
      const engine = world.engine();
      const end = async (): Promise<number> => {
        if (way === 'of the session alone') return (await world.revoke(web, tokens.refresh_token)).status;
        const ending = engine.end([tokens.sid as SessionId], 'logout', {}, world.clock.now());
        return ending.then(
          () => 200,
          (error) => (isDatabaseUnavailable(error) ? 503 : 500),
        );
      };
      const ended = 'SELECT ended_at IS NOT NULL AS ended FROM session WHERE id = $1';
      const isEnded = async () => (await pair.query<{ ended: boolean }>(ended, [tokens.sid]))[0]!.ended;
      await pair.holdCommits(true);
      try {
        await world.until('commits wait', async () => (await failover.health(0)) === 503, 30_000);
        const cancelled = () => cancellingWaits(end(), (sql) => pair.on('primary', sql));
        expect((await cancelled()).answer).toBe(503);
        expect(await isEnded()).toBe(true);
        expect((await cancelled()).answer).toBe(503);
      } finally {
        await pair.holdCommits(false);
      }
      await Promise.all([failover.untilServed(0), failover.untilServed(1)]);
      expect(await end()).toBe(200);
    },
    120_000,
  );

  it('has everything when it is promoted in the middle of refreshes and ends, and is served from at once', async () => {
    const { before } = await synchronousRound(failover);
    expect(before.ended).toBeGreaterThanOrEqual(3);
    expect(before.refreshed).toBeGreaterThanOrEqual(3);
    for (const node of failover.world.nodes) expect(node.output()).not.toContain(line);
  }, 120_000);

  it('is found by a node that was given a list of both servers, before and after it is promoted', async () => {
    const { pair, world, web } = failover;
    await pair.addStandby();
    await pair.confirmByStandby();
    const [one, other] = [new URL(pair.servers.standby), new URL(pair.servers.primary)];
    await world.replace(1, {
      DATABASE_URL: pair.servers.standby.replace(one.host, `${one.host},${other.host}`),
    });
    let tokens = await world.signIn(web);
    await pair.killAndPromote();
    await failover.untilServed(1);
    tokens = { ...tokens, ...(await world.refresh(web, tokens.refresh_token, { node: 1 })).body };
    expect(tokens.refresh_token).toMatch(/^cfw_rt_/);
    await world.replace(1, { DATABASE_URL: pair.url });
    await failover.untilServed(0);
  }, 120_000);
});

describe('servers that are all standbys', () => {
  it('are told of by the figures of each node, whether it was given one of them or the list, and so is the primary that comes back', async () => {
    const { pair, world } = failover;
    await pair.addStandby();
    const [one, other] = [new URL(pair.servers.standby), new URL(pair.servers.primary)];
    const list = pair.servers.standby.replace(one.host, `${one.host},${other.host}`);
    const ports = [await freePort(), await freePort()];
    await world.replace(0, { CURFEW_METRICS_PORT: String(ports[0]) });
    await world.replace(1, { CURFEW_METRICS_PORT: String(ports[1]), DATABASE_URL: list });
    // Figures that only the database knows stand beside the others as soon as it can be asked.
    const told = (text: string) => ({
      refused: /^curfew_database_refused\{reason="standby"\} (\d)$/m.exec(text)?.[1],
      asked: ['curfew_outbox_lag_seconds', 'curfew_mail_waiting'].filter((name) =>
        new RegExp(`^${name} \\d`, 'm').test(text),
      ),
      others: text.includes('curfew_announcements_heard'),
    });
    const scraped = async (port: number) => {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
      return { status: answer.status, ...told(await answer.text()) };
    };
    const untilAll = (words: string, refused: string, asked: readonly string[]) =>
      Promise.all(
        ports.map((port) =>
          world.until(
            `${port} ${words}`,
            async () => isDeepStrictEqual(await scraped(port), { status: 200, refused, asked, others: true }),
            30_000,
          ),
        ),
      );
    await untilAll('serves', '0', ['curfew_outbox_lag_seconds', 'curfew_mail_waiting']);
    await pair.takeNoWrites(true);
    await untilAll('refuses', '1', []);
    await pair.takeNoWrites(false);
    await untilAll('serves again', '0', ['curfew_outbox_lag_seconds', 'curfew_mail_waiting']);
    for (const node of [0, 1])
      await world.replace(node, { CURFEW_METRICS_PORT: '0', DATABASE_URL: pair.url });
    await pair.switchOver();
    await Promise.all([failover.untilServed(0), failover.untilServed(1)]);
  }, 120_000);
});

describe('a standby that lagged', () => {
  it('is refused by every process until the step is taken, and no ended session is ever active', async () => {
    const { ended, asked } = await laggingRound(failover);
    expect([ended, asked > 0]).toEqual([6, true]);
  }, 120_000);

  it('is refused by a process that was down meanwhile, which says why and does not start', async () => {
    const { world, pair } = failover;
    const doomed = await loseEnds();
    for (const node of world.nodes) await node.stop();
    await pair.killAndPromote();
    const words = await world.replace(0, {}).catch((error: Error) => error.message);
    expect(words).toContain('the server ended before it was ready');
    expect(String(words).match(/so no token is honoured/g)).toHaveLength(1);
    expect(words).toContain('after-restore.js --yes');

    for (const node of [0, 1]) await world.replace(node, { CURFEW_AFTER_FAILOVER: 'end-all' });
    await expectOver(doomed);
  }, 120_000);

  it('is served from at once where the configuration says that everything ends', async () => {
    const { pair, world, web } = failover;
    const doomed = await loseEnds();
    const lost = await world.signIn(web);
    await pair.killAndPromote();
    await Promise.all([failover.untilServed(0), failover.untilServed(1)]);
    await expectOver([...doomed, lost]);
    for (const node of world.nodes) expect(node.output()).toContain(line);
    const [{ count }] = (await world.database.query(
      `SELECT count(*)::int FROM event WHERE type = 'service.restored'`,
    )) as [{ count: number }];
    expect(count).toBe(3);
  }, 120_000);
});

/** The finding of `curfew doctor` about one thing. */
async function doctor(about: string): Promise<{ what: string; state: string; detail: string } | undefined> {
  const { CURFEW_DEV_FILE = '', ...env } = failover.world.nodes[0]!.environment;
  const args = ['apps/cli/bin/curfew.mjs', '--dev-file', CURFEW_DEV_FILE, 'doctor', '--json'];
  const child = spawn(process.execPath, args, { env });
  let out = '';
  child.stdout.on('data', (text) => (out += text));
  await once(child, 'close');
  return JSON.parse(out).find(({ what }: { what: string }) => what === about);
}

/** Ends sessions of which a standby does not hear. */
async function loseEnds(): Promise<Tokens[]> {
  const { pair } = failover;
  await pair.addStandby();
  const doomed = await failover.signIns(2);
  await untilCaughtUp(pair);
  await pair.letStandbyLag();
  expect(await failover.endAll(doomed)).toHaveLength(doomed.length);
  return doomed;
}

/** Expects that none of them is active anywhere, and that one who signs in now is. */
async function expectOver(sessions: readonly Tokens[]): Promise<void> {
  const { world, web, api } = failover;
  for (const node of [0, 1])
    for (const { access_token } of sessions)
      expect(await world.isActive(api, access_token, node)).toBe(false);
  const young = await world.signIn(web);
  for (const node of [0, 1]) expect(await world.isActive(api, young.access_token, node)).toBe(true);
}
