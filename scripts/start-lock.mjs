import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Another start owns the folder. */
export class AlreadyRunning extends Error {
  /** @param {number} pid @param {string} home */
  constructor(pid, home) {
    super(
      `Curfew is already running (process ${pid}, folder ${home}).\nStop it with Ctrl-C or kill ${pid}, or set CURFEW_HOME and other ports to run a second one.`,
    );
  }
}

/** Takes the folder for this process; returns what gives it back. @param {string} home */
export function takeLock(home) {
  const file = path.join(home, 'start.lock');
  const mine = JSON.stringify({ pid: process.pid, born: birthOf(process.pid) });
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST' || attempt > 2) throw error;
    }
    const owner = lockOwner(home);
    if (owner !== undefined) throw new AlreadyRunning(owner, home);
    rmSync(file, { force: true }); // its owner was killed
  }
}

/** The process that holds the folder, if it lives. @param {string} home @returns {number | undefined} */
export function lockOwner(home) {
  const file = path.join(home, 'start.lock');
  if (!existsSync(file)) return undefined;
  try {
    const { pid, born } = JSON.parse(readFileSync(file, 'utf8'));
    return Number.isSafeInteger(pid) && birthOf(pid) === born ? pid : undefined;
  } catch {
    return undefined; // killed while it wrote
  }
}

/** Tells two processes of one number apart: when this one was started; '' if there is none. @param {number} pid */
function birthOf(pid) {
  try {
    if (process.platform === 'linux') {
      const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return afterName[0] === 'Z' ? '' : afterName[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
