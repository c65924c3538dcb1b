import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ExpressAdapter } from '@nestjs/platform-express';
import { HttpServer, type HttpServerOptions } from './http-server.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const limits = { headersTimeoutMs: 5_000, requestTimeoutMs: 5_000, sendTimeoutMs: 60_000, maxConnections: 2 };

/** Asks once, over a connection that stays open; resolves with the body of the answer. */
const asked = (port: number, agent: Agent): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ port, agent, host: '127.0.0.1' }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (some) => {
        text += some;
      });
      answer.once('end', () => resolve(text));
    }).once('error', reject);
  });

describe('the messages of a server', () => {
  let server: HttpServer;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const open = (
    handle: (request: IncomingMessage, response: ServerResponse) => void,
    more: Partial<HttpServerOptions> = {},
  ): Promise<number> => {
    server = new HttpServer(handle, { ...limits, ...more });
    return server.open({ host: '127.0.0.1', port: 0 });
  };
  afterEach(async () => {
    agent.destroy();
    await server.close(0);
  });

  it('have the prototypes that Express gives them before Express sees them, and keep them', async () => {
    const application = new ExpressAdapter().getInstance();
    const prototypes: (readonly [object, object])[] = [];
    const note = (request: IncomingMessage, response: ServerResponse) =>
      prototypes.push([Object.getPrototypeOf(request), Object.getPrototypeOf(response)]);
    application.get(
      '/',
      (request: IncomingMessage, response: ServerResponse & { send(text: string): void }) => {
        note(request, response);
        response.send('by Express');
      },
    );
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      note(request, response);
      application(request, response);
    };
    const port = await open(handle, { application });
    expect(await asked(port, agent)).toBe('by Express');
    const ofExpress = [application.request, application.response];
    expect(prototypes).toEqual([ofExpress, ofExpress]);
    expect(prototypes.flat().every((prototype, at) => prototype === ofExpress[at % 2])).toBe(true);
  });

  it('are let go once they are answered, while their connection waits for the next one', async () => {
    const seen: WeakRef<object>[] = [];
    const port = await open((request, response) => {
      seen.push(new WeakRef(request), new WeakRef(response));
      response.end('answered');
    });
    expect(await asked(port, agent)).toBe('answered');
    // The server may still be about to close what the client has read; and a weak reference holds until the end of its turn.
    await new Promise((resolve) => setTimeout(resolve, 50));
    collect();
    expect(seen.map((message) => message.deref())).toEqual([undefined, undefined]);
  });
});
