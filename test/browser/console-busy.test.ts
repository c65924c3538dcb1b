import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { eventsByTurns } from '../../bench/console-events.mjs';
import { ConsoleWorld, violations } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

const write = (count: number) => world.admin.database.query(eventsByTurns, [count]);

const rate = 2_000;
/** Events for a tenth of a second. */
const batch = 200;
const warmSeconds = 5;
const seconds = 10;

/**
 * The share of a core that no machine reaches while the page keeps up. It is 7 % on a quiet one, and the bar of 30 % is that of
 * bench/console-under-events.mjs; beside other tests the same work takes more time of a processor.
 */
const mostShare = 0.9;
/** The growth of the scripts' memory in bytes: a fraction of the 20,000 events that are told meanwhile. */
const mostGrowth = 4_000_000;
/** The page draws the list of events twice a second at most. */
const drawnPerSecond = 2;

/** A value that is out of its bounds is shown by a failure. */
const within = (value: number, least: number, most: number) =>
  value >= least && value <= most ? 'within' : `${value} of ${least} to ${most}`;

it('the page of this moment takes 2,000 events a second, draws them as seldom as two, and its memory does not grow with them', async () => {
  const page = await world.enter('/console/now');
  await page.getByText('live', { exact: true }).waitFor();
  const chrome = await page.context().newCDPSession(page);
  await chrome.send('Performance.enable');
  const measured = async () => {
    await chrome.send('HeapProfiler.collectGarbage');
    const { metrics } = await chrome.send('Performance.getMetrics');
    const of = (wanted: string) => metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
    // The time of the processor, which other work of the machine does not lengthen as it does the time of the clock.
    return { cpu: of('ProcessTime'), heap: of('JSHeapUsedSize'), at: performance.now() };
  };
  const tell = async (during: number) => {
    const began = performance.now();
    for (let sent = 0; sent < during * rate; sent += batch) {
      const wait = began + (sent / rate) * 1_000 - performance.now();
      if (wait > 0) await page.waitForTimeout(wait);
      await write(batch);
    }
    const last = `last${randomUUID()}@example.test`;
    await world.admin.post('/v1/accounts', { username: last });
    await page.locator('.feed li').getByText(last).first().waitFor({ timeout: 30_000 });
  };
  await tell(warmSeconds);
  await page.locator('.feed ol').evaluate((list) => {
    const counted = window as unknown as { drawn: number };
    counted.drawn = 0;
    new MutationObserver(() => {
      counted.drawn += 1;
    }).observe(list, { childList: true });
  });
  const first = await measured();
  await tell(seconds);
  const last = await measured();
  const took = (last.at - first.at) / 1_000;
  const drawn = await page.evaluate(() => (window as unknown as { drawn: number }).drawn);
  expect({
    share: within((last.cpu - first.cpu) / took, 0.001, mostShare),
    growth: within(last.heap - first.heap, -first.heap, mostGrowth),
    drawn: within(drawn / took, 0.1, drawnPerSecond * 1.25),
    lines: await page.locator('.feed li').count(),
  }).toEqual({ share: 'within', growth: 'within', drawn: 'within', lines: 60 });
}, 120_000);

describe('an end of more sessions than one request ends', () => {
  /** As many sessions more as one request ends, and one, at a client of their own. */
  async function manySessions(): Promise<string> {
    const { admin } = world;
    const made = await admin.post('/v1/clients', {
      client_name: 'Crowd',
      redirect_uris: ['https://crowd.example.test/'],
    });
    const { sid } = await admin.signIn();
    await admin.database.query(
      `INSERT INTO session SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'client_id', $2::text))).*
       FROM session s, generate_series(1, 10001) WHERE s.id = $1`,
      [sid, made.body.client_id],
    );
    return made.body.client_id;
  }
  const live = async (client: string) => {
    const selection = { search: { client, state: 'live' } };
    return (await world.admin.post('/v1/sessions/end', { selection, dry_run: true })).body.matched;
  };

  const until = async (met: () => boolean) => {
    for (const deadline = performance.now() + 20_000; !met(); await pause(50))
      expect(performance.now()).toBeLessThan(deadline);
  };

  it('says how far it is, goes on until all have ended, and stops where its dialog is closed', async () => {
    const client = await manySessions();
    const page = await world.enter(`/console/sessions?state=live&client=${client}`);
    const sent: (() => void)[] = [];
    await page.route('**/v1/sessions/end', async (route) => {
      if (route.request().postDataJSON().dry_run === false) await new Promise<void>((go) => sent.push(go));
      await route.continue();
    });
    const dialog = page.getByRole('dialog');
    const begin = async () => {
      await page.getByRole('button', { name: 'End these' }).click();
      await dialog.getByLabel('End these sessions only').check();
      await dialog.getByLabel('Type 10001 to confirm').fill('10001');
      await dialog.getByRole('button', { name: 'End 10,001 sessions' }).click();
      await until(() => sent.length === 1);
    };
    await begin();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    sent.shift()?.();
    // The list looks through a bounded number of ended sessions for each page.
    await page.getByText(/^[01] shown/).waitFor({ timeout: 60_000 });
    expect([await live(client), sent.length]).toEqual([1, 0]);

    await world.admin.database.query(
      `INSERT INTO session SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
       FROM session s, generate_series(1, 10000) WHERE s.client_id = $1 AND s.ended_at IS NULL`,
      [client],
    );
    await begin();
    sent.shift()?.();
    const progress = dialog.getByRole('progressbar', { name: 'Sessions ended' });
    await progress.waitFor({ timeout: 60_000 });
    expect(await progress.evaluate((bar: HTMLProgressElement) => [bar.value, bar.max])).toEqual([
      10_000, 10_001,
    ]);
    await dialog
      .getByText('10,000 of 10,001 sessions have ended. The others live until their turn comes.')
      .waitFor();
    await dialog.getByRole('button', { name: 'Stop' }).waitFor();
    expect([await live(client), await violations(page)]).toEqual([1, []]);
    await until(() => sent.length === 1);
    sent.shift()?.();
    await dialog.getByText('10,001 sessions have ended.').waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText(/^0 shown|^No session meets/).waitFor();
    expect(await live(client)).toBe(0);
  }, 180_000);
});
