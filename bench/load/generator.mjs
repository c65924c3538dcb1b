import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The load generator as its parent sees it: `call(method, argument)` and `stop()`. */
export function startGenerator() {
  const child = fork(fileURLToPath(new URL('./driver.mjs', import.meta.url)), [], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    execArgv: ['--max-old-space-size=4096'],
  });
  const waiting = new Map();
  let last = 0;
  child.on('message', ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(`load generator: ${error}`));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the load generator ended'));
  });
  return {
    call: (method, argument) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        child.send({ id: last, method, argument });
      }),
    stop: () => child.disconnect(),
  };
}
