import { Agent, request } from 'node:http';

/*
 * The second client: Node's own, as users have it, with an agent that keeps connections. It shares nothing with `Connection` but what is
 * asked, so a figure that holds with both is not made by the generator.
 */
const agents = new Map();

function agentOf(port, connections) {
  const key = `${port} ${connections}`;
  if (!agents.has(key)) agents.set(key, new Agent({ keepAlive: true, maxSockets: connections }));
  return agents.get(key);
}

/** Takes and gives what `Connection` does. */
export class HttpClient {
  #port;
  #agent;

  /** All of one run share an agent with so many connections. */
  constructor(port, connections) {
    this.#port = port;
    this.#agent = agentOf(port, connections);
  }

  /** Sends a request that was written for a socket. */
  send(text) {
    const end = text.indexOf('\r\n\r\n');
    const [line, ...fields] = text.slice(0, end).split('\r\n');
    const [method, path] = line.split(' ');
    const headers = Object.fromEntries(
      fields.map((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 2)]),
    );
    const options = { agent: this.#agent, host: '127.0.0.1', port: this.#port, method, path, headers };
    return new Promise((resolve, reject) => {
      const asked = request(options, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks))));
      });
      asked.on('error', reject);
      asked.end(text.slice(end + 4));
    });
  }

  /** The agent keeps the connections. */
  close() {}
}

function answerOf({ statusCode, rawHeaders }, body) {
  let head = `HTTP/1.1 ${statusCode}`;
  for (let at = 0; at < rawHeaders.length; at += 2) head += `\r\n${rawHeaders[at]}: ${rawHeaders[at + 1]}`;
  return { status: statusCode, head, body: body.toString('utf8') };
}
