import { Command } from 'commander';
import { createParser } from 'eventsource-parser';
import type { AdminClient, Json, Request } from '../admin-client.js';
import { type CheckedChain, checkChain } from '../chain.js';
import { accountId, type Context, contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { actorText, printable } from '../output.js';
import { instantFrom } from '../time.js';

interface EventOptions {
  readonly follow?: boolean;
  readonly type?: string;
  readonly session?: string;
  readonly account?: string;
  readonly client?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
}

/** `curfew events`. */
export const events = (): Command =>
  new Command('events')
    .summary('list events, and follow new ones with --follow')
    .option('-f, --follow', 'go on as things happen, until interrupted')
    .option('--type <types>', 'one or several types, separated by commas')
    .option('--session <sid>', 'only this session')
    .option('--account <id|username>', 'only this account')
    .option('--client <id>', 'only this client')
    .option('--since <time>', '2027-01-31T12:00:00Z, or 2h for two hours ago')
    .option('--until <time>', 'before')
    .option('--limit <number>', 'most events to list', '50')
    .addHelpText(
      'after',
      `
With --json there is one event on each line.

Examples:
  curfew events --follow
  curfew events --type session.ended,session.reuse_found --since 24h
  curfew events --follow --type session.ended --json`,
    )
    .action(async (options: EventOptions, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const query = await queryOf(admin, options);
      if (options.follow) return follow(context, admin, query);
      const found = await admin.list('/v1/events', { ...query, limit: 200 }, Number(options.limit));
      for (const event of found.reverse()) tell(context, event);
    })
    .addCommand(verify());

const verify = (): Command =>
  new Command('verify')
    .summary('check that no recorded event was changed')
    .option('--head <seal:hash>', 'a head that was kept elsewhere: nothing before it may have been made anew')
    .option('--from <seal>', 'begin with this seal', '1')
    .addHelpText(
      'after',
      `
Compares every event with its seal, part by part. Keep the head it prints somewhere else and give it the next time.
Exits with 7 where something does not fit.

Examples:
  curfew events verify
  curfew events verify --head 4711:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  curfew events verify --json`,
    )
    .action(async (options: { head?: string; from: string }, command: Command) => {
      const context = contextOf(command);
      const [, seal, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(options.head ?? '') ?? [];
      if (options.head !== undefined && seal === undefined)
        throw new CommandError('--head must be a number, a colon and 64 hexadecimal digits', exitCodes.usage);
      const known = seal && hash ? { seal: Number(seal), hash } : undefined;
      const checked = await checkChain(await context.admin(), {
        from: Number(options.from),
        known,
        progress: (through, of) => context.output.aside(`seal ${through} of ${of}`),
      });
      tellChain(context, checked);
      if (checked.problems.length > 0 || checked.knownMatches === false) process.exitCode = exitCodes.found;
    });

function tellChain({ output }: Context, checked: CheckedChain): void {
  if (output.json) {
    output.line(JSON.stringify(checked, null, 2));
    return;
  }
  for (const { seal, problem } of checked.problems) output.line(`seal ${seal}: ${printable(problem)}`);
  if (checked.knownMatches === false) output.line('the seal that was kept elsewhere is another one now');
  const { head } = checked;
  output.line(`${checked.events} events behind ${checked.seals} seals looked at`);
  if (head) output.line(`head  ${head.seal}:${head.hash}`);
}

async function queryOf(admin: AdminClient, options: EventOptions): Promise<NonNullable<Request['query']>> {
  return {
    type: options.type,
    session: options.session,
    account: options.account === undefined ? undefined : await accountId(admin, options.account),
    client: options.client,
    since: options.since === undefined ? undefined : instantFrom(options.since),
    until: options.until === undefined ? undefined : instantFrom(options.until),
  };
}

function tell({ output }: Context, event: Json): void {
  if (output.json) {
    output.line(JSON.stringify(event));
    return;
  }
  const subjects = [
    event.session_id && `session ${event.session_id}`,
    event.account_id && `account ${event.username ?? event.account_id}`,
    event.client_id && `client ${event.client_id}`,
    event.by && `by ${actorText(event.by)}`,
  ].filter(Boolean);
  const { reason, cause, operation, change, count, evidence } = event.data;
  const why = [
    reason,
    evidence?.class,
    cause,
    operation,
    change,
    count === undefined || count === null ? null : `×${count}`,
  ].filter(Boolean);
  output.line(printable([event.at, event.type.padEnd(26), ...why, ...subjects].join('  ')));
}

/** The last message of a server that stops, which is no event: it says where to go on. */
const elsewhere = 'elsewhere';

/** Milliseconds until a stream that broke is opened again, unless the server said another while. */
const usualRetryMs = 1_000;

/** Follows until interrupted; a stream that breaks is opened again where it broke. */
async function follow(
  context: Context,
  admin: AdminClient,
  query: NonNullable<Request['query']>,
): Promise<void> {
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort()).once('SIGTERM', () => stopping.abort());
  let last: string | undefined;
  let retry = usualRetryMs;
  const parser = createParser({
    onEvent: ({ event, id, data }) => {
      last = id ?? last;
      if (event !== elsewhere) tell(context, JSON.parse(data));
    },
    onRetry: (milliseconds) => {
      retry = milliseconds;
    },
  });
  while (!stopping.signal.aborted) {
    try {
      const headers = last === undefined ? {} : { 'last-event-id': last };
      const answer = await admin.open('/v1/events/stream', query, headers, stopping.signal);
      if (answer.status === 401 || answer.status === 403)
        throw new CommandError(`the stream was refused (${answer.status})`, exitCodes.notAllowed);
      if (answer.status === 410) {
        context.output.aside('the database was restored from a backup; from here on it is followed anew');
        last = undefined;
      }
      if (answer.status === 400) throw new CommandError('the conditions were refused', exitCodes.usage);
      if (answer.ok) last ??= answer.headers.get('event-position') ?? undefined;
      if (answer.ok && answer.body)
        for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) parser.feed(chunk);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (error instanceof CommandError && error.exitCode !== exitCodes.unreachable) throw error;
      context.output.aside('the stream broke; it is opened again');
    }
    parser.reset();
    if (!stopping.signal.aborted) await new Promise((resolve) => setTimeout(resolve, retry));
    // A server that stops asks for less, once, so that one that does not answer is not asked ten times a second.
    retry = usualRetryMs;
  }
}
