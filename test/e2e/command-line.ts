import { spawn } from 'node:child_process';

/** The outcome of a command. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  // biome-ignore lint/suspicious/noExplicitAny: judged by the assertions
  readonly json: any;
}

/** Runs the command line, with an input where it reads one. */
export function runCommandLine(
  args: readonly string[],
  env: Record<string, string>,
  input = '',
): Promise<Finished> {
  const child = spawn(process.execPath, ['apps/cli/bin/curfew.mjs', ...args], { env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  child.stdin.end(input);
  return new Promise((resolve) =>
    child.once('close', (code) =>
      resolve({ code, out, err, json: args.includes('--json') && out ? JSON.parse(out) : undefined }),
    ),
  );
}
