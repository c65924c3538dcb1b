import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { readFile, readlink, realpath } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Resolves when the shell is gone, and PostgreSQL with it: the pipe is closed, which stops PostgreSQL if only the shell was killed. A
 * shell ends with 128 and the number of the signal that its PostgreSQL died of. @param {import('node:child_process').ChildProcess}
 * child @returns {Promise<string>}
 */
export const endOf = (child) =>
  new Promise((resolve) =>
    child.once('exit', (code, signalName) => {
      child.stdin?.end();
      const [died] = Object.entries(os.constants.signals).find(([, number]) => number + 128 === code) ?? [];
      resolve(signalName ?? died ?? `status ${code}`);
    }),
  );

/** Sends a signal; whether there was a process to take it. */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * A postmaster.pid without its postmaster makes PostgreSQL refuse to start if the number belongs to somebody else by now, who may be
 * another PostgreSQL. A postmaster that is still there lost its parent and is on its way out, because only one launcher may use the folder.
 */
export async function clearStalePidFile(data) {
  const file = path.join(data, 'postmaster.pid');
  for (let waited = 0; waited < 15_000; waited += 100) {
    if (!existsSync(file)) return;
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    const command = await commandOf(pid);
    if (!command.includes('postgres') || (await worksElsewhere(pid, data)))
      return rmSync(file, { force: true });
    if (waited === 0) signal(pid, 'SIGINT');
    await pause(100);
  }
  throw new Error(`another PostgreSQL uses ${data}`);
}

/** Whether a PostgreSQL has its data in another folder, in which it works; false where nobody can tell. @param {number} pid @param {string} data */
async function worksElsewhere(pid, data) {
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return folder !== undefined && folder !== (await realpath(data));
}

/** The name of a living process, '' if there is none (or only its remains, waiting to be reaped). */
async function commandOf(pid) {
  if (!Number.isSafeInteger(pid) || pid <= 0 || !existsOrForeign(pid)) return '';
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [, command, state] = /\((.*)\) (\S)/s.exec(status) ?? [];
    return state === 'Z' ? '' : (command ?? '');
  }
  return (await run('ps', ['-o', 'comm=', '-p', String(pid)]).catch(() => ({ stdout: '' }))).stdout;
}

function existsOrForeign(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
