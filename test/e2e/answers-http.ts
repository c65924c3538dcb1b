import { Agent, request } from 'node:http';

/** A form: text or bytes as they are, or parameters to encode. */
export type Form =
  | string
  | Buffer
  | Readonly<Record<string, string>>
  | readonly (readonly [string, string])[];

/** Headers of a request; undefined leaves one out that is sent otherwise. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** A request as it was sent. */
export interface Asked {
  readonly path: string;
  readonly form: string;
  readonly headers: Headers;
}

/** The response to a request. */
export interface Reply {
  readonly asked: Asked;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Names of the headers as they came, one after the other. */
  readonly order: readonly string[];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: any response, judged by the assertions
  readonly body: any;
  readonly requestId: string;
}

/** A server on this machine, and the name under which it is asked. */
export interface AskedServer {
  readonly issuer: string;
  readonly port: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** A form as it is sent. */
export const encoded = (form: Form): string | Buffer =>
  typeof form === 'string' || Buffer.isBuffer(form) ? form : new URLSearchParams(form as never).toString();

/** Sends a form to a server. */
export function sendForm(
  server: AskedServer,
  path: string,
  form: Form,
  headers: Headers = {},
  method = 'POST',
): Promise<Reply> {
  const body = Buffer.from(encoded(form));
  const all = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return exchange(server, method, path, sent as Record<string, string>, body);
}

function exchange(
  server: AskedServer,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: Buffer,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const host = new URL(server.issuer).host;
    const sent = { host: '127.0.0.1', port: server.port, path, method, headers: { host, ...headers }, agent };
    const outgoing = request(sent, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const json = /json/.test(incoming.headers['content-type'] ?? '') && text !== '';
        const requestId = String(incoming.headers['x-request-id'] ?? '');
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          order: incoming.rawHeaders.filter((_, index) => index % 2 === 0),
          text,
          body: json ? JSON.parse(text) : undefined,
          requestId,
          asked: { path, form: body.toString('latin1'), headers },
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
