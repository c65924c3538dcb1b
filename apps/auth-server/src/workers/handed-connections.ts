import type { Worker } from 'node:cluster';

interface Connection {
  close(): void;
}

/**
 * A primary hands each worker one connection at a time and keeps it until the worker says that it has it. When the worker
 * dies in between, Node forgets the connection without closing it, and whoever opened it would wait for ever: this closes
 * it, so that they see a reset and try again. Closing one that was taken over is no more than a second close.
 */
export function closeWhatTheDeadWereHanded(worker: Worker): void {
  const { process } = worker;
  const send = process.send;
  let handed: Connection | undefined;
  process.send = ((...message: unknown[]): boolean => {
    const [word, handle] = message as [{ readonly act?: unknown } | null, Connection | undefined];
    if (word?.act === 'newconn') handed = handle;
    return Reflect.apply(send, process, message);
  }) as typeof send;
  worker.once('exit', () => handed?.close());
}
