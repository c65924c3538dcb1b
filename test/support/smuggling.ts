import { connect } from 'node:net';

const hidden = 'GET /smuggled HTTP/1.1\r\nHost: orders.example.test\r\n\r\n';

/** Heads and bodies whose end two servers might see at different places (RFC 9112 §11.2); a request of its own follows each. */
const ambiguous: Readonly<Record<string, readonly [head: readonly string[], body: string]>> = {
  'a length before a transfer coding': [
    ['Content-Length: 6', 'Transfer-Encoding: chunked'],
    `0\r\n\r\n${hidden}`,
  ],
  'a transfer coding before a length': [
    ['Transfer-Encoding: chunked', 'Content-Length: 4'],
    `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
  ],
  'two lengths': [['Content-Length: 0', `Content-Length: ${hidden.length}`], hidden],
  'a length with a sign': [['Content-Length: +0'], hidden],
  'a transfer coding that is misspelt': [
    ['Transfer-Encoding: xchunked', `Content-Length: ${hidden.length}`],
    hidden,
  ],
  'a transfer coding with a blank before the colon': [
    ['Transfer-Encoding : chunked', `Content-Length: ${hidden.length}`],
    `0\r\n\r\n${hidden}`,
  ],
  'a transfer coding behind a tab': [
    ['Transfer-Encoding:\tchunked', `Content-Length: ${hidden.length + 5}`],
    `0\r\n\r\n${hidden}`,
  ],
  'a folded header': [
    ['X: y\r\n Transfer-Encoding: chunked', `Content-Length: ${hidden.length + 5}`],
    `0\r\n\r\n${hidden}`,
  ],
  'a header after a line feed alone': [
    ['X: y\nTransfer-Encoding: chunked', `Content-Length: ${hidden.length + 5}`],
    `0\r\n\r\n${hidden}`,
  ],
  'a header after a carriage return alone': [
    ['X: y\rTransfer-Encoding: chunked', `Content-Length: ${hidden.length + 5}`],
    `0\r\n\r\n${hidden}`,
  ],
  'a chunk with an extension that ends in a line feed': [
    ['Transfer-Encoding: chunked'],
    `2;\nxx\r\n${hidden.length.toString(16)}\r\n0\r\n\r\n${hidden}`,
  ],
  'a body where there is none': [[], hidden],
};

/** The names of what is tried. The hidden request comes without a token. */
export const smugglings = Object.keys(ambiguous);

/** Sends one of them with a token on the outside; resolves with everything that was answered. */
export function smuggle(port: number, name: string, token: string): Promise<string> {
  const [head, body] = ambiguous[name]!;
  const lines = [
    'PUT /orders HTTP/1.1',
    'Host: orders.example.test',
    `Authorization: Bearer ${token}`,
    ...head,
  ];
  return new Promise((resolve) => {
    let answered = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`));
    // A moment of silence after an answer is the end of what this server has to say, and what came later would be seen by the
    // next case. Before the first one a busy machine may take its time, and what waits for more of the request says nothing.
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      answered += chunk;
      socket.setTimeout(200);
    });
    socket.on('error', () => {}).on('close', () => resolve(answered));
  });
}
