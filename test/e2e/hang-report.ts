import { readFileSync } from 'node:fs';
import { type ClientRequest, get } from 'node:http';
import type { TestDatabase } from '../support/database.js';

/** The server that owes an answer. */
export interface Debtor {
  readonly pid: number;
  readonly port: number;
  readonly host: string;
  readonly database: TestDatabase;
}

/** How long the server is watched for, in milliseconds. */
const watchedMs = 2_000;

/** The state of a request without a response at the client, and the work of the server meanwhile. */
export async function reportHang(outgoing: ClientRequest, debtor: Debtor): Promise<string> {
  const { socket, reusedSocket, writableFinished } = outgoing;
  const client = socket
    ? { reusedSocket, writableFinished, sent: socket.bytesWritten, received: socket.bytesRead }
    : 'the request waits for a connection of the agent';
  const before = cpuSeconds(debtor.pid);
  const [health, statements] = await Promise.all([healthOf(debtor), statementsOf(debtor.database)]);
  await new Promise((resolve) => setTimeout(resolve, watchedMs));
  const busy = (cpuSeconds(debtor.pid) - before) / (watchedMs / 1_000);
  const [load] = readFileSync('/proc/loadavg', 'utf8').split(' ');
  return JSON.stringify({ client, health, busy: Number(busy.toFixed(2)), statements, load });
}

/** User and system time of a process, in seconds of 100 ticks. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function healthOf({ host, port }: Debtor): Promise<string> {
  const began = performance.now();
  const after = (what: string) => `${what} after ${Math.round(performance.now() - began)} ms`;
  return new Promise((resolve) => {
    const question = { host: '127.0.0.1', port, path: '/health/live', headers: { host }, timeout: 5_000 };
    const asked = get(question, (answer) => {
      answer.resume();
      resolve(after(String(answer.statusCode)));
    });
    asked.on('timeout', () => asked.destroy()).on('error', ({ message }) => resolve(after(message)));
  });
}

const statementsOf = (database: TestDatabase): Promise<object[]> =>
  database.query(
    `SELECT state, wait_event, round(extract(epoch FROM now() - query_start))::int AS seconds, left(query, 100) AS query
     FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`,
  );
