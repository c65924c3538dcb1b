import { Command, Option } from 'commander';
import type { AdminClient, Json } from '../admin-client.js';
import { accountId, type Context, confirm, contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { length, table } from '../output.js';
import { instantFrom } from '../time.js';
import { described, whyText } from './described-session.js';

interface SearchOptions {
  readonly account?: string;
  readonly client?: string;
  readonly ip?: string;
  readonly userAgent?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly policy?: string;
  readonly startedAfter?: string;
  readonly startedBefore?: string;
  readonly activeAfter?: string;
  readonly activeBefore?: string;
  readonly endedAfter?: string;
  readonly endedBefore?: string;
}

/** Flags that say which sessions. */
function searchable(command: Command, times: readonly string[]): Command {
  command
    .option('--account <id|username>', 'only this account')
    .option('--client <id>', 'only this client')
    .option('--ip <address|network>', 'signed in from there, such as 192.0.2.7 or 192.0.2.0/24')
    .option('--user-agent <text>', 'part of browser and operating system')
    .option('--policy <name>', 'under this policy');
  for (const name of times)
    command
      .option(`--${name}-after <time>`, `${name} at or after: 2027-01-31T12:00:00Z, or 2h for two hours ago`)
      .option(`--${name}-before <time>`, `${name} before`);
  return command;
}

async function searchOf(admin: AdminClient, options: SearchOptions) {
  const at = (time: string | undefined) => (time === undefined ? undefined : instantFrom(time));
  return {
    account: options.account === undefined ? undefined : await accountId(admin, options.account),
    client: options.client,
    ip: options.ip,
    user_agent: options.userAgent,
    state: options.state,
    reason: options.reason,
    policy: options.policy,
    started_after: at(options.startedAfter),
    started_before: at(options.startedBefore),
    active_after: at(options.activeAfter),
    active_before: at(options.activeBefore),
    ended_after: at(options.endedAfter),
    ended_before: at(options.endedBefore),
  };
}

/** `curfew sessions`. */
export const sessions = (): Command =>
  new Command('sessions')
    .summary('list, show and end sessions')
    .description('Live and ended sessions. Show why a session ended, or end it.')
    .addCommand(list())
    .addCommand(show())
    .addCommand(end());

const list = (): Command =>
  searchable(new Command('list').summary('search sessions, live and ended'), ['started', 'active', 'ended'])
    .addOption(new Option('--state <state>', 'live or ended').choices(['live', 'ended']))
    .addOption(
      new Option('--sort <order>', 'with - in front: latest first')
        .choices(['-started_at', 'started_at', '-ended_at', 'ended_at'])
        .default('-started_at'),
    )
    .option('--reason <reason>', 'ended for this reason')
    .option('--limit <number>', 'most sessions to list', '50')
    .addHelpText(
      'after',
      `
Examples:
  curfew sessions list --state live --account user1@example.test
  curfew sessions list --reason refresh_token_reuse --ended-after 24h
  curfew sessions list --ip 192.0.2.0/24 --user-agent firefox --json`,
    )
    .action(async (options: SearchOptions & { sort: string; limit: string }, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const most = Number(options.limit);
      if (!Number.isInteger(most) || most < 1)
        throw new CommandError('--limit must be a whole number above 0', exitCodes.usage);
      const query = { ...(await searchOf(admin, options)), sort: options.sort, limit: Math.min(most, 200) };
      const items = await admin.list('/v1/sessions', query, most);
      if (context.output.json) return context.output.line(JSON.stringify(items, null, 2));
      const rows = items.map((one) => [
        one.id,
        one.state === 'live' ? 'live' : one.end_reason,
        one.client_id,
        one.username ?? one.account_id,
        whyText(one),
        one.signals.ip,
        one.started_at,
        one.state === 'live' ? length(one.idle_expires_in) : '-',
        one.state === 'live' ? length(one.absolute_expires_in) : '-',
      ]);
      context.output.line(
        table(
          ['ID', 'STATE', 'CLIENT', 'ACCOUNT', 'WHY', 'IP', 'STARTED', 'IDLE LEFT', 'ABSOLUTE LEFT'],
          rows,
        ),
      );
    });

const show = (): Command =>
  new Command('show')
    .summary('show a session with its deadlines and its history')
    .argument('<id>', 'the sid')
    .addHelpText('after', '\nExample:\n  curfew sessions show 0192f0c1-8a4e-7c3d-9f10-2b6a4d8e1c55')
    .action(async (id: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const one = await (await context.admin()).get(`/v1/sessions/${encodeURIComponent(id)}`);
      if (context.output.json) return context.output.line(JSON.stringify(one, null, 2));
      context.output.line(described(one));
    });

/** The reason of an end; the admin API says which there are. */
export const reasonOption = (): Option =>
  new Option('--reason <reason>', 'reason to record').default('ended_by_administrator');

interface EndOptions extends SearchOptions {
  readonly everyone?: boolean;
  readonly dryRun?: boolean;
  readonly onlyThisSession?: boolean;
  readonly note?: string;
  readonly yes?: boolean;
}

const end = (): Command =>
  searchable(new Command('end').summary('end sessions: some, an account’s, a client’s, everyone’s'), [
    'started',
    'active',
  ])
    .argument('[ids...]', 'sids')
    .option('--everyone', 'every session there is')
    .option('--only-this-session', 'leave the browser it came of signed in, and what else that signed in')
    .option('--dry-run', 'only count what would be ended')
    .option('--note <text>', 'why; kept in the history')
    .addOption(reasonOption())
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
A session takes its browser along, and everything else that signed in there, unless --only-this-session or the reason says otherwise.
--account or --client alone is a mass end: one commit, and everything authorized until now is over, whatever there is.
An account takes all its browsers; a client takes none, but asks for proof of everybody who signed in before.
With further conditions the live sessions that meet all of them are ended one by one.

Examples:
  curfew sessions end 0192f0c1-8a4e-7c3d-9f10-2b6a4d8e1c55 --note "laptop stolen"
  curfew sessions end 0192f0c1-8a4e-7c3d-9f10-2b6a4d8e1c55 --only-this-session
  curfew sessions end --account user1@example.test --yes
  curfew sessions end --client shop --ip 192.0.2.0/24 --dry-run
  curfew sessions end --everyone --note "key compromise" --yes`,
    )
    .action(async (ids: string[], options: EndOptions, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const selection = await selectionOf(admin, ids, options);
      const words = {
        reason: options.reason,
        ...(options.note === undefined ? {} : { note: options.note }),
        ...(options.onlyThisSession ? { only_this_session: true } : {}),
      };
      if (options.dryRun || !('ids' in selection)) {
        const counted = await ordered(admin, { selection, ...words, dry_run: true });
        if (options.dryRun) return tellCount(context, counted);
        await confirm(context, `This ends ${reachOf(counted)}.`, options.yes);
      }
      const done = await endedWhole(admin, { selection, ...words, confirm: true });
      if (context.output.json) return context.output.line(JSON.stringify(done, null, 2));
      context.output.line(toldEnd(done));
    });

async function selectionOf(admin: AdminClient, ids: string[], options: EndOptions): Promise<object> {
  const names = conditionNames.filter((name) => options[name] !== undefined);
  const ways = [ids.length > 0, options.everyone === true, names.length > 0].filter(Boolean).length;
  if (ways !== 1)
    throw new CommandError(
      'say which sessions: ids, conditions such as --account, or --everyone',
      exitCodes.usage,
    );
  if (ids.length > 0) return { ids };
  if (options.everyone) return { everyone: true };
  const { reason: _, ...search } = await searchOf(admin, options);
  if (names.length === 1 && search.account) return { account: search.account };
  if (names.length === 1 && search.client) return { client: search.client };
  return { search };
}

const conditionNames = [
  'account',
  'client',
  'ip',
  'userAgent',
  'policy',
  'startedAfter',
  'startedBefore',
  'activeAfter',
  'activeBefore',
] as const satisfies readonly (keyof SearchOptions)[];

const ordered = async (admin: AdminClient, body: object): Promise<Json> =>
  (await admin.send('POST', '/v1/sessions/end', { body, idempotent: true })).body;

const counts = ['matched', 'recorded', 'along', 'browsers'] as const;

/** Sends an order until it is carried out for all: one request ends a part of a large search. The ends of all parts together. */
async function endedWhole(admin: AdminClient, body: object): Promise<Json> {
  let done = await ordered(admin, body);
  while (isInPart(done)) {
    const part = await ordered(admin, body);
    const sums = Object.fromEntries(counts.map((name) => [name, done[name] + part[name]]));
    done = { ...part, ...sums, propagation: part.propagation ?? done.propagation };
    if (part.recorded === 0) break;
  }
  return done;
}

/** Whether others of the search live on. A mass end is in force for all at once, and only their records follow. */
const isInPart = ({ complete, not_before: notBefore }: Json): boolean => !complete && notBefore === null;

function tellCount({ output }: Context, counted: Json): void {
  if (output.json) {
    output.line(JSON.stringify(counted, null, 2));
    return;
  }
  output.line(`Would end: ${reachOf(counted)}. Nothing was ended.`);
  if (counted.by_client.length > 0)
    output.line(
      `\n${table(
        ['CLIENT', 'SESSIONS'],
        counted.by_client.map((one: Json) => [one.client_id, one.count]),
      )}`,
    );
}

const reachOf = ({ matched, along, browsers }: Json): string =>
  [
    `${matched} live session(s)`,
    ...(along > 0 ? [`${along} more of the same browser(s)`] : []),
    ...(browsers > 0 ? [`${browsers} browser(s) signed out`] : []),
  ].join(', ');

const alive = 'Others still live; end them with the same command.';

function toldEnd(done: Json): string {
  if (done.propagation === null) return 'Nothing was ended: none of them was live.';
  const covered = done.not_before === null ? '' : ` Everything authorized until ${done.not_before} is over.`;
  const rest = done.complete
    ? ''
    : ` ${isInPart(done) ? alive : 'The records of the others follow within seconds.'}`;
  const along = done.along > 0 ? `, ${done.along} of them along with their browser` : '';
  const browsers = done.browsers > 0 ? ` Signed out ${done.browsers} browser(s).` : '';
  return `Ended ${done.recorded} session(s)${along}.${browsers}${covered}${rest}${propagated(done.propagation)}`;
}

/** How an end got out, in words. */
export function propagated({
  confirmed,
  confirmed_after_ms: ms,
  honoured_everywhere_within_seconds: bound,
}: Json): string {
  const heard = confirmed ? ` Every follower confirmed it after ${ms} ms;` : '';
  return `${heard} honoured everywhere within ${bound} s.`;
}
