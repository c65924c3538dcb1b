import os from 'node:os';

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
