import { spawn } from 'node:child_process';
import path from 'node:path';
import { repository } from './machine/repository.mjs';

/** Builds the product, so that what is measured is what stands in the folder. Its output goes to standard error. */
export async function ensureBuilt(progress) {
  const script = path.join(repository, 'scripts/build.mjs');
  progress('building what has changed');
  const child = spawn(process.execPath, [script], { cwd: repository, stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
  if (code !== 0) throw new Error('the build failed');
}
