import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { migrateDatabase, openDatabase, refreshDevFile } from './database.mjs';
import { developmentSecrets } from './development-secrets.mjs';
import { watchLaunchingNpm } from './launching-npm.mjs';
import { prepare, StepFailed } from './prepare.mjs';
import { CannotStart, Product } from './product.mjs';
import { progress } from './progress.mjs';
import { at, top } from './repository.mjs';
import { addressesOf, services } from './services.mjs';
import { watchSources } from './source-watch.mjs';
import { AlreadyRunning, takeLock } from './start-lock.mjs';

/** How a service ends whose configuration has faults (EX_CONFIG of sysexits). */
const misconfigured = 'status 78';

const { say, done } = progress(console.log);

/**
 * Sets up and runs the product until it is told to stop. Resolves to the exit status.
 * @param {{ watch: boolean }} options
 */
export async function launch({ watch }) {
  const began = performance.now();
  const home = path.resolve(process.env.CURFEW_HOME || at('.curfew'));
  /** Functions that undo each step at the end, last first. @type {(() => unknown)[]} */
  const undo = [];
  const end = endOfRun();
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    undo.push(takeLock(home));
    await Promise.race([setUp({ home, undo, end, watch, began }), end.status]);
    return await end.status;
  } catch (error) {
    const expected = [CannotStart, AlreadyRunning, StepFailed].some((kind) => error instanceof kind);
    console.error(`\n${expected ? error.message : (error.stack ?? error)}\n`);
    return 1;
  } finally {
    done();
    for (const step of undo.reverse()) await step();
  }
}

/** The run ends by a signal, by the death of npm or by that of a service, whichever comes first. */
function endOfRun() {
  /** @type {(status: number) => void} */
  let finish = () => {};
  /** @type {Promise<number>} */
  const status = new Promise((resolve) => {
    finish = resolve;
  });
  let told = 0;
  const stop = () => {
    told += 1;
    if (told === 1) console.log('\n  Stopping …');
    if (told === 3) process.exit(1); // after the third request the processes are left alone and see their pipe close
    finish(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  watchLaunchingNpm(stop);
  return { status, finish };
}

/** @param {{ home: string, undo: (() => unknown)[], end: ReturnType<typeof endOfRun>, watch: boolean, began: number }} run */
async function setUp({ home, undo, end, watch, began }) {
  await prepare(say);
  const database = await openDatabase(home, say, {
    tell: (line) => console.error(`  ${line}`),
    onLost(why) {
      console.error(`\n${why}\n`);
      end.finish(1);
    },
  });
  undo.push(database.stop);
  await migrateDatabase(database.url, say);
  const env = environment(home, database.url);
  if (env.CURFEW_DEV_FILE) refreshDevFile(env.CURFEW_DEV_FILE, database.url);
  const product = new Product({
    env,
    home,
    onDeath(service, status) {
      const how = status === misconfigured ? 'cannot start' : `ended unexpectedly (${status})`;
      console.error(`\n${service.service.title} ${how}:\n${service.lastWords}\n`);
      if (!watch) end.finish(1);
    },
  });
  undo.push(() => product.stop());
  await product.start(say);
  banner(env, home, database.about, performance.now() - began);
  if (watch) undo.push(watchSources(restarting(product)));
}

/**
 * The environment of the services: the given settings, and those found out or generated here. @param {string} home @param {string}
 * databaseUrl
 */
function environment(home, databaseUrl) {
  const given = { ...process.env, CURFEW_HOME: home, DATABASE_URL: databaseUrl };
  // Nothing is generated for production, where a missing setting must be reported.
  if (process.env.CURFEW_MODE === 'production') return given;
  return {
    CURFEW_KEY_ENCRYPTION_SECRETS: developmentSecrets(home),
    CURFEW_DEV_FILE: path.join(home, 'dev.json'),
    CURFEW_VIRTUAL_CLOCK: 'true',
    CURFEW_SCENARIOS: 'true',
    CURFEW_STATE_FOLDER: path.join(home, 'state'),
    ...addressesOf(services(process.env)),
    ...given,
  };
}

/** Restarts one at a time; changes during a restart lead to one more. @param {Product} product */
function restarting(product) {
  let chain = Promise.resolve();
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    chain = chain.then(async () => {
      waiting = false;
      await product.stop();
      await product.start(say).then(
        () => console.log('  Restarted.'),
        (error) => console.error(`\n${error.message}\n`),
      );
    });
  };
}

/** @param {NodeJS.ProcessEnv} env @param {string} home @param {string} database @param {number} tookMs */
function banner(env, home, database, tookMs) {
  done();
  const running = services(env);
  const devFile = env.CURFEW_DEV_FILE && shown(env.CURFEW_DEV_FILE);
  const rows = [
    ...running.map(({ title, url, about }) => [title, url, about]),
    ...consoleRow(env),
    ...(devFile && !env.CURFEW_SMTP_URL
      ? [['Mailbox', `${env.CURFEW_ISSUER ?? running[0].url}/mailbox`, 'mail that would have been sent']]
      : []),
    ['Database', database, ''],
    ...(devFile
      ? [['First-run data', devFile, 'accounts, clients and their secrets, made up for this machine']]
      : []),
    ...(env.CURFEW_VIRTUAL_CLOCK === 'true'
      ? [['Virtual clock', 'on', 'tests may move time forward; CURFEW_VIRTUAL_CLOCK=false turns it off']]
      : []),
    ['Logs', shown(path.join(home, 'log')), ''],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map(([a, b, c]) => `  ${a.padEnd(widths[0])}   ${b.padEnd(widths[1])}   ${c}`.trimEnd());
  console.log(`
  Curfew is ready (${(tookMs / 1000).toFixed(1)} s).

${lines.join('\n')}

  Next:  npx curfew scenario run stolen-token
         then the five-minute tour in ${shown(path.join(top, 'docs/getting-started.md'))}
  Ctrl-C stops everything.
`);
}

/** The console and how to sign in there, once the first start has written it down. @param {NodeJS.ProcessEnv} env */
function consoleRow({ CURFEW_DEV_FILE: file }) {
  if (!file || !existsSync(file)) return [];
  const { consoleUrl, operator } = JSON.parse(readFileSync(file, 'utf8'));
  if (!consoleUrl || !operator) return [];
  return [['Console', `${consoleUrl}/console/`, `sign in as ${operator}; the password is in ${shown(file)}`]];
}

/** A path as it can be pasted: relative below the working folder, whole elsewhere. @param {string} file */
function shown(file) {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}
