import http from 'node:http';
import https from 'node:https';
import { CommandError } from '../exit.js';

/** Networks a request of a scenario can come from: this machine's usual loopback address, or another loopback network. */
export const networks = ['home', 'elsewhere'] as const;

/** Programs and devices a request of a scenario can come from, by the User-Agent they send. */
export const devices = {
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  chrome:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  phone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
} as const;

/** The origin of a request: its address and user agent. */
export interface Origin {
  readonly network: (typeof networks)[number];
  readonly device: keyof typeof devices;
}

/** A request to send. */
export interface Message {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
}

/** Sends a request from somewhere and resolves to the answer, read whole; redirects are not followed. */
export type Send = (url: URL, message: Message) => Promise<Response>;

const patienceMs = 30_000;
/** No answer that a scenario looks at is longer. */
const maxAnswerBytes = 4 * 1024 * 1024;
/** Linux takes every address of 127.0.0.0/8 for its own; this one is in another /24 than 127.0.0.1. */
const elsewhere = { localAddress: '127.77.0.1', family: 4 };

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

/** The sender for an origin. */
export const sendFrom =
  ({ network, device }: Origin): Send =>
  (url, { method = 'GET', headers = {}, body }) =>
    new Promise((resolve, reject) => {
      if (network === 'elsewhere' && !isLoopback(url))
        throw new CommandError(
          `a scenario in which somebody uses another network can only be played where the service is on this machine, not at ${url.origin}`,
        );
      const content = body?.toString();
      const request = (url.protocol === 'https:' ? https : http).request(url, {
        method,
        ...(network === 'elsewhere' ? elsewhere : {}),
        timeout: patienceMs,
        headers: {
          'user-agent': devices[device],
          ...headers,
          ...(content === undefined
            ? {}
            : {
                'content-type': 'application/x-www-form-urlencoded',
                'content-length': Buffer.byteLength(content),
              }),
        },
      });
      request.once('response', (answer) => void read(answer).then(resolve, reject));
      request.once('timeout', () => request.destroy(new Error('no answer in time')));
      request.once('error', (error: NodeJS.ErrnoException) => reject(told(url, error)));
      request.end(content);
    });

function told(url: URL, error: NodeJS.ErrnoException): Error {
  if (error.code === 'EADDRNOTAVAIL')
    return new CommandError(
      `this machine has no address ${elsewhere.localAddress} to play another network with; Linux has`,
    );
  return new CommandError(`${url.origin} gave no answer (${error.code ?? error.message})`);
}

async function read(answer: http.IncomingMessage): Promise<Response> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxAnswerBytes) throw new CommandError('an answer was longer than any that is expected');
    parts.push(part);
  }
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  const status = answer.statusCode ?? 500;
  return new Response(status === 204 || status === 304 ? null : Buffer.concat(parts), { status, headers });
}
