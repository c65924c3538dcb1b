import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A letter that arrived. */
export interface ArrivedLetter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

const decodeQuoted = (text: string): string =>
  Buffer.from(
    text
      .replace(/=\r?\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    'latin1',
  ).toString('utf8');

/** The words of a header that are no ASCII (RFC 2047 §4); the space between two of them is none (§6.2). */
const decodeWords = (text: string): string =>
  text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/(?:=\?utf-8\?q\?[^?]*\?=)+/gi, (words) =>
      decodeQuoted(words.replace(/=\?utf-8\?q\?([^?]*)\?=/gi, '$1').replaceAll('_', ' ')),
    );

function letterIn(message: string, to: string): ArrivedLetter {
  const [head = '', ...body] = message.split('\r\n\r\n');
  const subject = /^Subject: (.*(?:\r\n[ \t].*)*)$/im.exec(head)?.[1]?.replace(/\r\n[ \t]/g, ' ') ?? '';
  const text = body.join('\r\n\r\n');
  return {
    to,
    subject: decodeWords(subject),
    text: /quoted-printable/i.test(head) ? decodeQuoted(text) : text,
  };
}

/** A mail server (RFC 5321) that keeps what it is sent, and can be told to be away or to refuse. */
export class MailServer {
  readonly letters: ArrivedLetter[] = [];
  /** A reply in place of accepting a recipient. */
  refusal: string | undefined;
  #isAway = false;
  readonly #sockets = new Set<net.Socket>();

  private constructor(
    private readonly server: net.Server,
    readonly url: string,
  ) {}

  static async start(): Promise<MailServer> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const made = new MailServer(server, `smtp://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
    server.on('connection', (socket) => made.#serve(socket));
    return made;
  }

  /** Whether connections are closed at once. */
  set away(isAway: boolean) {
    this.#isAway = isAway;
    if (isAway) for (const socket of this.#sockets) socket.destroy();
  }

  /** The next letter to this address whose subject matches, taken out of those that arrived. */
  async letterTo(to: string, subject: RegExp): Promise<ArrivedLetter> {
    for (let turn = 0; turn < 400; turn++) {
      const at = this.letters.findIndex((one) => one.to === to && subject.test(one.subject));
      if (at >= 0) return this.letters.splice(at, 1)[0]!;
      await pause(25);
    }
    throw new Error(`no letter to ${to} about ${subject}: ${JSON.stringify(this.letters)}`);
  }

  close(): Promise<void> {
    this.away = true;
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  #serve(socket: net.Socket): void {
    socket.on('error', () => {});
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#isAway) {
      socket.destroy();
      return;
    }
    let rest = '';
    let to = '';
    let isData = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    const hear = (line: string): void => {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'RCPT') {
        to = /<(.*)>/.exec(line)?.[1] ?? '';
        say(this.refusal ?? '250 OK');
        return;
      }
      isData = verb === 'DATA';
      if (verb === 'QUIT') socket.end('221 Bye\r\n');
      else say(isData ? '354 Go on' : verb === 'EHLO' ? '250 here' : '250 OK');
    };
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      rest += chunk;
      for (;;) {
        const end = isData ? '\r\n.\r\n' : '\r\n';
        const at = rest.indexOf(end);
        if (at < 0) return;
        const part = rest.slice(0, at);
        rest = rest.slice(at + end.length);
        if (!isData) hear(part);
        else {
          isData = false;
          this.letters.push(letterIn(part.replace(/^\.\./gm, '.'), to));
          say('250 OK');
        }
      }
    });
    say('220 here ESMTP');
  }
}
