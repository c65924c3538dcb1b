import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/*
 * CPU time of a process and everything it started, from /proc: user and system time of each living process, and of the
 * dead children each has waited for. The load generator is in neither tree that is measured.
 */
const ticksPerSecond = Number(tryGetconf() ?? 100);

function tryGetconf() {
  try {
    return execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function readProcess(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold anything; the fields of proc(5) begin behind it with number 3.
    const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(field[index]), 0);
    return { pid: Number(pid), parent: Number(field[1]), ticks, residentPages: Number(field[21]) };
  } catch {
    return undefined;
  }
}

function tree(root) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(readProcess)
    .filter((entry) => entry !== undefined);
  const members = new Set([root]);
  for (let grown = true; grown; ) {
    const before = members.size;
    for (const entry of all) if (members.has(entry.parent)) members.add(entry.pid);
    grown = members.size > before;
  }
  return all.filter((entry) => members.has(entry.pid));
}

const millisecondsOf = (entries) =>
  (entries.reduce((sum, entry) => sum + entry.ticks, 0) * 1000) / ticksPerSecond;

/** CPU milliseconds used so far by the process tree under `pid`. */
export const cpuMilliseconds = (pid) => millisecondsOf(tree(pid));

/** CPU milliseconds used so far by those processes of the tree under `pid` that run the program `script`. */
export const cpuMillisecondsOfProgram = (pid, script) =>
  millisecondsOf(tree(pid).filter((entry) => runs(entry.pid, script)));

function runs(pid, script) {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.some((word) => path.basename(word) === script);
  } catch {
    return false;
  }
}

/** Resident memory of each process in the tree under `pid`, in bytes, largest first. */
export const residentBytes = (pid) =>
  tree(pid)
    .map((entry) => entry.residentPages * 4096)
    .sort((a, b) => b - a);
