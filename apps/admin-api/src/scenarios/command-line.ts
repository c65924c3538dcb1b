import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../cli/bin/curfew.mjs', import.meta.url));
const { PATH = '' } = process.env;

/** A command that runs: its lines, and its end. */
export interface RunningCommand {
  readonly lines: AsyncIterable<string>;
  /** The exit status, and what it wrote beside its lines. */
  readonly ended: Promise<{ readonly status: number | null; readonly aside: string }>;
  /** Asks it to stop after what is under way. */
  stop(): void;
  kill(): void;
}

/** Starts `curfew` as a process of its own, with this environment and nothing of this process's. */
export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return {
    lines: createInterface({ input: child.stdout }),
    ended: endOf(child),
    stop: () => child.kill('SIGINT'),
    kill: () => child.kill('SIGKILL'),
  };
}

async function endOf(child: ChildProcess): Promise<{ status: number | null; aside: string }> {
  const status = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', () => resolve(null));
  });
  const aside = child.stderr ? await text(child.stderr) : '';
  return { status: await status, aside: aside.trim() };
}
