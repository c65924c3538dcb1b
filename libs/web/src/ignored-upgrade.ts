import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

const ofUpgrade = new Set(['upgrade', 'http2-settings']);

/**
 * Has a request answered as if it had not asked for another protocol (RFC 9110 §7.8): the server reads it again from the connection,
 * with its body, without the headers that asked. `before` is the answer of this connection that is under way, if any.
 * Left to itself, Node answers such a request and then loses whatever it has read of the next one together with the end of the body.
 */
export function ignoreUpgrade(
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  before: ServerResponse | undefined,
): void {
  // It may have been sent before the request ahead of it was answered (RFC 9112 §9.3.2).
  if (before && !before.closed) {
    before.once('close', () => ignoreUpgrade(server, request, socket, head, undefined));
    return;
  }
  if (socket.destroyed) return;
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
    const kept = name.toLowerCase() === 'connection' ? withoutUpgrade(value) : value;
    if (!ofUpgrade.has(name.toLowerCase()) && kept !== undefined) lines.push(`${name}: ${kept}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

function withoutUpgrade(connection: string): string | undefined {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => !ofUpgrade.has(option.toLowerCase())).join(', ') || undefined;
}
