import cluster from 'node:cluster';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { Workers } from './workers.js';

let folder: string;
let workers: Workers;
let givenUp: number[];
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'curfew-workers-'));
  givenUp = [];
  cluster.setupPrimary({ exec: 'test/support/small-worker.mjs', args: [path.join(folder, 'failing')] });
  workers = new Workers({
    count: 2,
    patienceMs: 5_000,
    log: pino({ enabled: false }),
    onMessage: () => {},
    onEnd: () => {},
    onGivenUp: (status) => givenUp.push(status),
  });
  await workers.start();
});
afterEach(async () => {
  await workers.stop();
  rmSync(folder, { recursive: true });
});

/** Whether workers fail to start from now on. */
const startsFail = (fail: boolean): void =>
  fail ? writeFileSync(path.join(folder, 'failing'), '') : rmSync(path.join(folder, 'failing'));
const ids = () => workers.serving.map(({ id }) => id);
async function until(holds: () => boolean, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds() && performance.now() < deadline) await pause(10);
  expect(holds()).toBe(true);
}
/** Kills the workers with these ids that serve, and waits until they are gone. */
async function kill(which: readonly number[]): Promise<void> {
  for (const worker of workers.serving) if (which.includes(worker.id)) worker.process.kill('SIGKILL');
  await until(() => !ids().some((id) => which.includes(id)));
}

describe('the workers of a machine', () => {
  it('come back after any number of kills, at once where nobody is left who serves', async () => {
    for (let round = 0; round < 9; round += 1) {
      await kill(ids());
      await until(() => ids().length > 0, 2_000);
    }
    expect(givenUp).toEqual([]);
    await until(() => ids().length === 2);
  });

  it('wait longer and longer while another one serves, and not at all when that one ends, too', async () => {
    const [lasting] = ids();
    for (let round = 0; round < 4; round += 1) {
      await kill(ids().filter((id) => id !== lasting));
      await until(() => ids().length === 2);
    }
    await kill(ids().filter((id) => id !== lasting));
    await pause(200);
    expect(ids()).toEqual([lasting]);
    await kill([lasting!]);
    await until(() => ids().length === 2, 1_000);
    expect(givenUp).toEqual([]);
  });

  it('are given up when none serves and five starts of one fail in a row, with the status of the last', async () => {
    startsFail(true);
    await kill(ids());
    await until(() => givenUp.length > 0);
    expect(givenUp[0]).toBe(3);
  });

  it('are not given up while one serves; the other one is there again when it can start', async () => {
    const [lasting] = ids();
    startsFail(true);
    await kill(ids().filter((id) => id !== lasting));
    await until(() => workers.replaced >= 5);
    expect(givenUp).toEqual([]);
    expect(ids()).toEqual([lasting]);
    startsFail(false);
    await until(() => ids().length === 2, 20_000);
  });
});
