import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { openConsole } from './console-browser.mjs';
import { eventsByTurns } from './console-events.mjs';

/*
 * What the page *Now* costs in Chromium while so many events a second come in: the share of one core that its main thread is busy, and the
 * memory of its scripts after a collection, at the beginning and at the end. Exit status 1 says that a bar is missed, or that fewer events
 * arrived than were written.
 *   CURFEW_HOME=/tmp/busy npm start
 *   node bench/console-under-events.mjs --home /tmp/busy --database postgresql://… [--rate 2000] [--seconds 120]
 */
const barShare = 0.3;
/** The memory may grow by so much of what it was after the first tenth. */
const barGrowth = 1.25;
const { values } = parseArgs({
  options: {
    home: { type: 'string', default: '.curfew' },
    url: { type: 'string', default: 'http://console.localhost:3002' },
    database: { type: 'string' },
    rate: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '120' },
  },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds);

const { browser, page } = await openConsole(values, '/console/now', '.feed');
await page.getByText('live', { exact: true }).waitFor();
const chrome = await page.context().newCDPSession(page);
await chrome.send('Performance.enable');

/** Seconds for which the main thread was busy, and megabytes that its scripts hold. */
async function measured() {
  await chrome.send('HeapProfiler.collectGarbage');
  const { metrics } = await chrome.send('Performance.getMetrics');
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  return { busySeconds: of('TaskDuration'), heapMb: of('JSHeapUsedSize') / 1e6, at: performance.now() };
}

const database = new pg.Client(values.database ?? process.env.DATABASE_URL);
await database.connect();
const write = (count) => database.query(eventsByTurns, [count]);

let written = 0;
async function writeFor(duration) {
  const began = performance.now();
  while (performance.now() - began < duration * 1000) {
    const due = Math.floor(((performance.now() - began) / 1000) * rate) - (written - before);
    if (due > 0) {
      await write(due);
      written += due;
    }
    await pause(100);
  }
}
let before = 0;
await writeFor(seconds / 10);
before = written;
const first = await measured();
await writeFor(seconds);
const last = await measured();
const share = (last.busySeconds - first.busySeconds) / ((last.at - first.at) / 1000);
const growth = last.heapMb / first.heapMb;
const [shownRate] = (await page.locator('.cadence').textContent()).match(/[\d.,]+/) ?? ['0'];
console.log(
  `${((written - before) / seconds).toFixed(0)} events a second for ${seconds} s: ${(share * 100).toFixed(0)} % of a core in the browser (at most ${barShare * 100}), ` +
    `memory ${first.heapMb.toFixed(1)} → ${last.heapMb.toFixed(1)} MB (× ${growth.toFixed(2)}, at most ${barGrowth}); the page says ${shownRate} a second`,
);
await database.end();
await browser.close();
process.exitCode = share > barShare || growth > barGrowth ? 1 : 0;
