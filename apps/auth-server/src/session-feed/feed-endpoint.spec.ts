import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SessionFeed } from '@curfew/events';
import { FeedEndpoint } from './feed-endpoint.js';
import type { FollowerAuthentication } from './follower-authentication.js';

describe('session feeds that are open', () => {
  it('do not include that of a follower who left while it was let in', async () => {
    let letIn = (): void => {};
    let asked = (): void => {};
    const [admission, arrival] = [
      new Promise<void>((resolve) => (letIn = resolve)),
      new Promise<void>((resolve) => (asked = resolve)),
    ];
    let left = 0;
    const feed = {
      async follow() {
        asked();
        await admission;
        return () => (left += 1);
      },
    } as unknown as SessionFeed;
    const authentication = { of: async () => ({ id: 'orders-api' }) } as unknown as FollowerAuthentication;
    const endpoint = new FeedEndpoint(feed, authentication);
    const served: { response: ServerResponse; end: Promise<void> }[] = [];
    const server = createServer((incoming, response) => {
      served.push({ response, end: endpoint.serve(incoming, response) });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const outgoing = request({ port, host: '127.0.0.1', path: '/session-feed' }).on('error', () => {});
    outgoing.end();
    await arrival;
    const [{ response, end }] = served as [(typeof served)[0]];
    const closed = new Promise((resolve) => response.once('close', resolve));
    outgoing.destroy();
    await closed;
    letIn();
    await end;
    endpoint.close();
    expect([left, response.writableEnded]).toEqual([1, false]);
    server.close();
  });
});
