import { readFileSync } from 'node:fs';

/**
 * Calls `onGone` when the npm that runs this script is gone, even by kill -9. npm waits behind a shell, so neither a signal nor a
 * closed pipe shows it; a new parent of one of the two does. Does nothing if this was not started by npm. @param {() => void} onGone
 */
export function watchLaunchingNpm(onGone) {
  if (!process.env.npm_lifecycle_event) return;
  const npmOrShell = process.ppid;
  const above = parentOf(npmOrShell);
  const timer = setInterval(() => {
    if (process.ppid === npmOrShell && parentOf(npmOrShell) === above) return;
    clearInterval(timer);
    onGone();
  }, 500);
  timer.unref();
}

/** @param {number} pid */
function parentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[1];
  } catch {
    return ''; // no /proc here: only the direct parent is watched
  }
}
