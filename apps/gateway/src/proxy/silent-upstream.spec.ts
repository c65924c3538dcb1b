import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { giveUpOnSilence } from './silent-upstream.js';

describe('an upgrade', () => {
  let upstream: Server;

  beforeEach(async () => {
    upstream = createServer((_, response) => response.writeHead(200).write('begun'));
    upstream.on('upgrade', ({ url }, socket) => {
      socket.on('error', () => {}).on('end', () => socket.end());
      if (url === '/answered')
        socket.write('HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.resume();
    });
    await once(upstream.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => {
    upstream.closeAllConnections();
    upstream.close();
  });

  const asked = (path: string, patience: number, headers: Record<string, string> = upgrading) => {
    const { port } = upstream.address() as AddressInfo;
    const upgrade = request({ port, host: '127.0.0.1', path, headers, agent: false });
    giveUpOnSilence(upgrade, patience);
    upgrade.end();
    return upgrade;
  };
  const upgrading = { connection: 'upgrade', upgrade: 'websocket' };

  it('is given up when the upstream says nothing', async () => {
    const [error] = await once(asked('/silent', 20), 'error').catch((thrown: unknown) => [thrown]);
    expect(error).toMatchObject({ name: 'UpstreamSilent' });
  });

  it.each([
    ['upgrade', '/answered', upgrading],
    ['response', '/refused', {}],
  ])('may be silent for as long as it likes once it was answered: %s', async (answer, path, headers) => {
    const upgrade = asked(path, 10_000, headers);
    await once(upgrade, answer);
    expect(upgrade.socket?.timeout).toBe(0);
    upgrade.destroy();
    upgrade.socket?.destroy();
  });
});
