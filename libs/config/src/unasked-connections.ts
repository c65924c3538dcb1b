import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Watches a server from its beginning; the returned function closes the connections on which nothing has come yet, such as clients
 * open in advance. `closeIdleConnections` leaves them alone: Node takes a connection for busy until its first request is over, so
 * that one of them would use up the whole time a server is given to stop. Whoever had just begun to write asks again elsewhere, as
 * after every connection that is closed between two requests (RFC 9112 §9.3.1).
 */
export function unaskedConnections(server: Server): () => void {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  };
}
