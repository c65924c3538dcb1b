import { connect } from 'node:net';

/** Milliseconds until the server closes a connection on which these bytes were sent and nothing of the answers is read. */
export function untilClosedUnread(port: number, bytes: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.pause().write(bytes));
    // A client that does not read learns of the end of a connection only by writing.
    const writing = setInterval(() => socket.write('\r\n'), 100);
    const late = setTimeout(() => socket.destroy(new Error('the connection is still open')), 15_000);
    socket.once('error', (error) => {
      clearInterval(writing);
      clearTimeout(late);
      socket.destroy();
      if (error.message === 'the connection is still open') reject(error);
      else resolve(performance.now() - began);
    });
  });
}

/** Milliseconds until the server closes a connection on which half of a request was sent; its response is read. */
export function untilClosedHalfSent(port: number, bytes: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.resume().write(bytes));
    const late = setTimeout(() => socket.destroy(), 15_000);
    socket
      .on('error', () => {})
      .once('close', () => {
        clearTimeout(late);
        resolve(performance.now() - began);
      });
  });
}
