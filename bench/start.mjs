import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../scripts/free-port.mjs';
import { repository } from './machine/repository.mjs';
import { median, significant } from './statistics.mjs';

/*
 * The time until `npm start` says that the product is ready: in a clean clone of what is committed, where it installs, compiles and makes a
 * database, and then again, where all of that is there. npm takes what it has in its cache, as on a machine that was used before. Exit
 * status 1 says that a median misses its bar.
 *   node bench/start.mjs [--clones 1] [--starts 5]
 */
const barSeconds = { cold: 180, again: 8 };
/** A start that has not come so far is given up, with what it said. */
const patienceMs = 15 * 60_000;
const readyWords = 'Ctrl-C stops everything';

const { values } = parseArgs({
  options: { clones: { type: 'string', default: '1' }, starts: { type: 'string', default: '5' } },
});
const say = (line) => process.stderr.write(`${line}\n`);

/** A number of rounds from the command line. */
function rounds(name) {
  const given = Number(values[name]);
  if (Number.isInteger(given) && given >= 1 && given <= 100) return given;
  throw new Error(`--${name} ${values[name]}: must be a whole number from 1 to 100`);
}

/** The environment of a person who has set nothing but ports that nobody uses. */
async function environment() {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|CURFEW_|DATABASE_URL|TEST_|NODE_ENV)/.test(name),
  );
  const ports = ['CURFEW_AUTH_PORT', 'CURFEW_ADMIN_PORT', 'CURFEW_GATEWAY_PORT', 'CURFEW_CALLBACK_PORT'];
  const chosen = [];
  for (const name of ports) chosen.push([name, String(await freePort())]);
  return Object.fromEntries([...inherited, ...chosen]);
}

/** Everything that is to be undone however this ends. @type {Set<() => void>} */
const undo = new Set();
process.once('exit', () => {
  // A start ends before its folder goes.
  for (const step of [...undo].reverse()) step();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/** A folder with a clean clone of what is committed here, and what takes it away. */
function cloned() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-bench-start-'));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    undo.delete(remove);
  };
  undo.add(remove);
  const git = (...words) =>
    execFileSync('git', words, { stdio: ['ignore', 'pipe', 'inherit'] })
      .toString()
      .trim();
  const head = git('-C', repository, 'rev-parse', 'HEAD');
  const clone = path.join(folder, 'curfew');
  git('clone', '--quiet', '--no-checkout', repository, clone);
  git('-C', clone, 'checkout', '--quiet', '--detach', head);
  return { clone, head, remove };
}

/**
 * Starts the product in a clone as a person does, and stops it as Ctrl-C does: a terminal sends the signal to every process of the group.
 * Resolves to the seconds until it said that it is ready, and to those of each step.
 */
async function start(clone, env) {
  const began = performance.now();
  const child = spawn('npm', ['start'], {
    cwd: clone,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended.
    }
  };
  const abort = () => kill('SIGKILL');
  undo.add(abort);
  const closed = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  try {
    const told = await untilReady(child, closed, began);
    kill('SIGINT');
    await closed;
    return told;
  } finally {
    abort();
    undo.delete(abort);
  }
}

/** Resolves when the banner is there; rejects with what was said where it ends, or takes too long, before that. */
async function untilReady(child, closed, began) {
  const steps = [];
  let said = '';
  const ready = new Promise((resolve) => {
    const hear = (text) => {
      said += text;
      const at = (performance.now() - began) / 1000;
      for (const [, step] of text.matchAll(/^ {2}(\S.*) …$/gm)) steps.push({ step, at });
      if (said.includes(readyWords)) resolve(at);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
  });
  const failed = closed.then(() => {
    throw new Error(`it ended before it was ready:\n${said}`);
  });
  failed.catch(() => {}); // it ends after it was ready, too
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not ready in time:\n${said}`)), patienceMs);
  });
  const seconds = await Promise.race([ready, failed, late]).finally(() => clearTimeout(timer));
  const ends = [...steps.slice(1).map(({ at }) => at), seconds];
  return { seconds, steps: steps.map(({ step, at }, index) => ({ step, seconds: ends[index] - at })) };
}

const shown = (seconds) => `${significant(seconds)} s`;

/** Says what one kind of start took, and whether its median keeps the bar. */
function report(title, taken, bar) {
  const middle = median(taken);
  console.log(
    `${title}: median ${shown(middle)} of ${taken.length} (${taken.map(shown).join(', ')}); at most ${bar} s: ${middle <= bar ? 'kept' : 'missed'}`,
  );
  return middle <= bar;
}

const [clones, starts] = [rounds('clones'), rounds('starts')];
const [cold, again] = [[], []];
for (let round = 0; round < clones; round += 1) {
  const { clone, head, remove } = cloned();
  const env = await environment();
  say(`clone ${round + 1} of ${clones}, of ${head.slice(0, 12)} …`);
  const first = await start(clone, env);
  cold.push(first.seconds);
  for (const { step, seconds } of first.steps) say(`  ${step}: ${shown(seconds)}`);
  for (let count = 0; count < starts; count += 1) {
    const { seconds } = await start(clone, env);
    say(`  start ${count + 2}: ${shown(seconds)}`);
    again.push(seconds);
  }
  remove();
}
const kept = [report('cold', cold, barSeconds.cold), report('again', again, barSeconds.again)];
process.exitCode = kept.every(Boolean) ? 0 : 1;
