import { connect } from 'node:net';

/*
 * One HTTP/1.1 keep-alive connection, one request at a time, over a bare socket: what the generator spends on HTTP is
 * time the measured server does not get on the same machine.
 */

/** @typedef {{ status: number, head: string, body: string }} Answer */

const headEnd = Buffer.from('\r\n\r\n');

/** A connection to one server; opens itself when first used, and again when the server has closed it. */
export class Connection {
  #host;
  #port;
  #socket;
  #received = Buffer.alloc(0);
  #waiting;

  constructor(port, host = '127.0.0.1') {
    this.#host = host;
    this.#port = port;
  }

  /**
   * Sends one request and waits for its whole answer. Rejects when the connection breaks.
   * @returns {Promise<Answer>}
   */
  send(request) {
    if (!this.#socket) this.#open();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close() {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open() {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    const broken = (error) => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#received = Buffer.alloc(0);
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.reject(error ?? new Error('the server closed the connection'));
    };
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', broken);
    socket.on('close', () => broken());
    this.#socket = socket;
  }

  #take(chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = parseAnswer(this.#received);
    if (!answer) return;
    this.#received = Buffer.alloc(0);
    if (/\r\nconnection: close/i.test(answer.head)) this.close();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}

/** The answer in these bytes, or undefined while it is not complete. */
function parseAnswer(bytes) {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return undefined;
  const head = bytes.latin1Slice(0, end);
  const status = Number(head.slice(9, 12));
  const start = end + headEnd.length;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length) {
    const stop = start + Number(length[1]);
    return bytes.length < stop ? undefined : { status, head, body: bytes.utf8Slice(start, stop) };
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const body = unchunk(bytes, start);
    return body === undefined ? undefined : { status, head, body };
  }
  return { status, head, body: '' };
}

function unchunk(bytes, start) {
  const parts = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.latin1Slice(at, lineEnd), 16);
    const stop = lineEnd + 2 + size;
    if (bytes.length < stop + 2) return undefined;
    if (size === 0) return Buffer.concat(parts).toString('utf8');
    parts.push(bytes.subarray(lineEnd + 2, stop));
    at = stop + 2;
  }
}

/** The bytes of a form POST. */
export function formPost(url, form, headers = {}) {
  const body = new URLSearchParams(form).toString();
  return (
    head('POST', url, {
      ...headers,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': body.length,
    }) + body
  );
}

/** The bytes of a GET. */
export const get = (url, headers = {}) => head('GET', url, headers);

// What a server reads out of it is part of the work of a request, so every request has one.
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

function head(method, url, headers) {
  const { host, pathname, search } = typeof url === 'string' ? new URL(url) : url;
  let text = `${method} ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\nuser-agent: ${userAgent}\r\n`;
  for (const name in headers) text += `${name}: ${headers[name]}\r\n`;
  return `${text}\r\n`;
}

/** Value of HTTP Basic authentication for a client (RFC 6749 §2.3.1: both parts are form-encoded first). */
export const basic = ({ id, secret }) =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
