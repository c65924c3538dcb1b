import { createServer } from 'node:net';

/** A mail server that takes whatever it is sent and keeps nothing (RFC 5321). */
export async function startMailSink() {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    let [text, isLetter] = ['', false];
    const say = (line) => socket.write(`${line}\r\n`);
    socket.setEncoding('latin1').on('data', (part) => {
      text += part;
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (isLetter && line !== '.') continue;
        const command = isLetter ? '.' : line.slice(0, 4).toUpperCase();
        isLetter = command === 'DATA';
        if (command === 'DATA') say('354 go on');
        else if (command === 'QUIT') socket.end('221 bye\r\n');
        else say('250 ok');
      }
    });
    say('220 here');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `smtp://127.0.0.1:${port}`,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
