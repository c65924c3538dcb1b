import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import { top } from './repository.mjs';

/** For files that are too many to be read each time. @param {string} file */
export function timeAndSize(file) {
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs} ${size}`;
}

/** Changes with what is read of any of the files. @param {string[]} files @param {(file: string) => string | Buffer} read */
export function hashOf(files, read) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${path.relative(top, file)}\0`)
      .update(read(file))
      .update('\0');
  return hash.digest('hex');
}
