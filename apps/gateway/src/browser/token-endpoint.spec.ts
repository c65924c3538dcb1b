import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserClient } from './browser-client.js';
import { TokenEndpoint } from './token-endpoint.js';

const client = { clientId: 'web', clientSecret: 'secret', audience: 'https://api.test' } as BrowserClient;

describe('refreshes of browsers', () => {
  it('are remembered to a number, and of one more the oldest is asked for again', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        asked.push(new URLSearchParams(body).get('refresh_token')!);
        response.end(JSON.stringify({ access_token: 'a', refresh_token: 'r', expires_in: 60 }));
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const endpoint = new TokenEndpoint(issuer, client, () => 0, 2);
    for (const token of ['one', 'two', 'one', 'two']) await endpoint.refresh(token);
    expect(asked).toEqual(['one', 'two']);
    for (const token of ['three', 'two', 'three', 'one']) await endpoint.refresh(token);
    expect(asked).toEqual(['one', 'two', 'three', 'one']);
    server.closeAllConnections();
    server.close();
  });
});
