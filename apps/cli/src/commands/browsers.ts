import { Command, Option } from 'commander';
import type { Json } from '../admin-client.js';
import { accountId, contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { facts, length, table } from '../output.js';
import { propagated, reasonOption } from './sessions.js';

/** `curfew browsers`. */
export const browsers = (): Command =>
  new Command('browsers')
    .summary('list, show and sign out browsers')
    .description('Browsers in which people are signed in. Show their sessions, or sign them out.')
    .addCommand(list())
    .addCommand(show())
    .addCommand(end());

const list = (): Command =>
  new Command('list')
    .summary('list the browsers of an account, latest sign-in first')
    .requiredOption('--account <id|username>', 'only this account')
    .addOption(new Option('--state <state>', 'live or ended').choices(['live', 'ended']))
    .option('--limit <number>', 'most browsers to list', '50')
    .addHelpText('after', '\nExample:\n  curfew browsers list --account user1@example.test --state live')
    .action(
      async (
        options: { account: string; state?: string; limit: string },
        command: Command,
      ): Promise<void> => {
        const { admin: connect, output } = contextOf(command);
        const admin = await connect();
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new CommandError('--limit must be a whole number above 0', exitCodes.usage);
        const account = await accountId(admin, options.account);
        const query = { account, state: options.state, limit: Math.min(limit, 200) };
        const items = await admin.list('/v1/browsers', query, limit);
        if (output.json) return output.line(JSON.stringify(items, null, 2));
        const rows = items.map((one) => [
          one.uid,
          one.state === 'live' ? 'live' : one.end_reason,
          placeOf(one),
          one.signed_in_at,
          one.last_active_at,
          one.state === 'live' ? length(one.idle_expires_in) : '-',
          one.state === 'live' ? length(one.absolute_expires_in) : '-',
        ]);
        output.line(
          table(['UID', 'STATE', 'FROM', 'SIGNED IN', 'LAST ACTIVE', 'IDLE LEFT', 'ABSOLUTE LEFT'], rows),
        );
      },
    );

const placeOf = ({ signals }: Json): string =>
  [signals?.ip, signals?.user_agent_family, signals?.operating_system].filter(Boolean).join(' ');

const show = (): Command =>
  new Command('show')
    .summary('show a browser with its sessions and its history')
    .argument('<uid>', 'the uid, as sessions show it')
    .addHelpText('after', '\nExample:\n  curfew browsers show nF1sQ0wL8mXa4b2kZ7cVt')
    .action(async (uid: string, _: unknown, command: Command) => {
      const { admin, output } = contextOf(command);
      const one = await (await admin()).get(`/v1/browsers/${encodeURIComponent(uid)}`);
      output.line(output.json ? JSON.stringify(one, null, 2) : described(one));
    });

function described(one: Json): string {
  const life =
    one.state === 'live'
      ? [
          ['idle left', length(one.idle_expires_in)],
          ['absolute left', length(one.absolute_expires_in)],
        ]
      : [
          ['ended', one.ended_at],
          ['reason', one.end_reason],
          ['by', one.end?.by ? `${one.end.by.kind} ${one.end.by.id ?? ''} ${one.end.by.ip ?? ''}` : null],
          ['with session', one.end?.because],
          ['note', one.end?.note],
        ];
  const pairs = [
    ['uid', one.uid],
    ['state', one.state],
    ['account', one.account_id],
    ['signed in', one.signed_in_at],
    ['last active', one.last_active_at],
    ...life,
    ['from', placeOf(one)],
  ] as [string, unknown][];
  const signedIn = one.sessions.map((session: Json) => [
    session.id,
    session.state === 'live' ? 'live' : session.end_reason,
    session.client_id,
    session.offline ? 'offline' : '',
  ]);
  const history = one.timeline.map((entry: Json) => [entry.at, entry.type, entry.data.reason]);
  return [
    facts(pairs),
    table(['SESSION', 'STATE', 'CLIENT', ''], signedIn),
    table(['AT', 'WHAT', 'WHY'], history),
  ].join('\n\n');
}

interface EndOptions {
  readonly reason: string;
  readonly note?: string;
  readonly keepOffline?: boolean;
  readonly dryRun?: boolean;
}

const end = (): Command =>
  new Command('end')
    .summary('sign a browser out, and end its sessions')
    .argument('<uid>', 'the uid, as sessions show it')
    .option('--keep-offline', 'leave its offline sessions alone')
    .option('--dry-run', 'only say what would end')
    .option('--note <text>', 'why; kept in the history')
    .addOption(reasonOption())
    .addHelpText(
      'after',
      `
A uid that begins with a hyphen goes behind two of them: curfew browsers end -- -F1sQ0wL8mXa4b2kZ7cV

Example:
  curfew browsers end nF1sQ0wL8mXa4b2kZ7cVt --note "laptop stolen"`,
    )
    .action(async (uid: string, options: EndOptions, command: Command) => {
      const { admin: connect, output } = contextOf(command);
      const admin = await connect();
      const path = `/v1/browsers/${encodeURIComponent(uid)}`;
      const said = { reason: options.reason, note: options.note, keep_offline: options.keepOffline };
      if (options.dryRun) {
        const would: Json = (await admin.send('DELETE', path, { query: { ...said, dry_run: true } })).body;
        const text = `The browser and ${would.sessions.length} session(s) would end. Nothing was ended.`;
        return output.line(output.json ? JSON.stringify(would, null, 2) : text);
      }
      const query = { ...said, confirm: true };
      const done: Json = (await admin.send('DELETE', path, { query, idempotent: true })).body;
      output.line(output.json ? JSON.stringify(done, null, 2) : toldEnd(done));
    });

function toldEnd(done: Json): string {
  if (done.propagation === null) return 'Nothing was ended: the browser was signed out already.';
  const browser = done.ended ? 'Signed the browser out; ended' : 'The browser was signed out already; ended';
  return `${browser} ${done.sessions.length} session(s).${propagated(done.propagation)}`;
}
