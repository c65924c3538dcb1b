import { spawn } from 'node:child_process';
import { projects } from './prepare.mjs';
import { at, top } from './repository.mjs';

/**
 * Compiles on every change and calls `onBuilt` after each one that went well; faults are printed. Returns what ends it.
 * @param {() => void} onBuilt
 */
export function watchSources(onBuilt) {
  const tsc = at('node_modules/typescript/bin/tsc');
  const child = spawn(process.execPath, [tsc, '-b', '--watch', '--preserveWatchOutput', ...projects()], {
    cwd: top,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill());
  let rest = '';
  let first = true;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (/error TS\d+/.test(line)) console.log(line);
      if (!/Found 0 errors?\./.test(line)) continue;
      if (!first) onBuilt(); // the first one is what runs already
      first = false;
    }
  });
  return () => child.kill();
}
