import { isDeepStrictEqual } from 'node:util';
import type { AdminClient, AdminResponse, Json } from '../admin-client.js';
import { type Context, confirm } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { shortly } from '../output.js';

/** An act on an account or a client, which ends its sessions. */
interface Act {
  /** The address of the account or client. */
  readonly thing: string;
  readonly method: 'POST' | 'DELETE';
  /** The address of the act itself. */
  readonly path: string;
  /** The condition that finds its sessions. */
  readonly search: { readonly account: string } | { readonly client: string };
  readonly nameOf: (seen: Json) => string;
  /** The effect, behind "This will". */
  readonly effect: string;
}

/** The options of such a command. */
export interface ActOptions {
  readonly note?: string;
  readonly yes?: boolean;
}

/** Milliseconds that the count of sessions may take: the act matters more. */
const countPatience = 5_000;

/**
 * Says what an act is about, asks, and carries it out on the state that was read (ADR 101): if somebody else has changed it meanwhile,
 * nothing is done, and their change is told. With `--yes` nobody has seen anything: nothing is read, and the act is carried out on any state.
 */
export async function actOnSeen(context: Context, act: Act, options: ActOptions): Promise<void> {
  const { output } = context;
  const seen = options.yes ? undefined : await shownAndAsked(context, act);
  const { body } = await carriedOut(await context.admin(), act, options.note, seen);
  if (output.json) return output.line(JSON.stringify(body, null, 2));
  output.line(`Done. ${body.recorded} session(s) ended${body.complete ? '' : ', and more'}.`);
}

/** The state that a person was shown, once they have agreed to the act. */
async function shownAndAsked(context: Context, act: Act): Promise<AdminResponse> {
  const { output } = context;
  const question = `This will ${act.effect}.`;
  // Without a person to ask, this refuses before anything is read or shown.
  if (!output.interactive) await confirm(context, question, false);
  const admin = await context.admin();
  const seen = await admin.send('GET', act.thing);
  output.aside(`${act.nameOf(seen.body)}, ${await liveSessions(admin, act.search)}`);
  if (seen.headers.get('etag') === null)
    output.aside(
      'No ETag came with that, as where a proxy drops it: a change that is made meanwhile is not noticed.',
    );
  await confirm(context, question, false);
  return seen;
}

/** How many sessions live, by a dry run of their end. The act does not wait long for that, and does not depend on it. */
async function liveSessions(admin: AdminClient, search: Act['search']): Promise<string> {
  const selection = { search: { ...search, state: 'live' } };
  const body = { selection, dry_run: true, only_this_session: true, reason: 'ended_by_administrator' };
  try {
    const answer = await admin.send('POST', '/v1/sessions/end', { body, patience: countPatience });
    return `${answer.body.matched} live session(s)`;
  } catch (error) {
    return `live sessions not counted: ${whyNotCounted(error)}`;
  }
}

function whyNotCounted(error: unknown): string {
  if (!(error instanceof CommandError)) return 'no answer in time';
  if (error.status === undefined && error.exitCode === exitCodes.unreachable) return 'no answer in time';
  if (error.status === 403) return 'that needs the scope sessions:end';
  return error.message.split('\n', 1)[0]!;
}

async function carriedOut(
  admin: AdminClient,
  act: Act,
  note: string | undefined,
  seen: AdminResponse | undefined,
): Promise<AdminResponse> {
  const words = note === undefined ? {} : { note };
  const etag = seen?.headers.get('etag') ?? undefined;
  const request = {
    ...(act.method === 'DELETE' ? { query: words } : { body: words }),
    ...(etag === undefined ? {} : { etag }),
    idempotent: true,
  };
  try {
    return await admin.send(act.method, act.path, request);
  } catch (error) {
    if (!seen || !(error instanceof CommandError) || error.status !== 412) throw error;
    const now = await admin.get(act.thing);
    throw new CommandError(
      [`${act.nameOf(seen.body)} is not as it was read. Nothing was done.`, ...changes(seen.body, now)].join(
        '\n  ',
      ),
      error.exitCode,
    );
  }
}

/** Members that say no more than that something has changed. */
const counters = new Set(['version', 'updated_at']);

function changes(before: Json, now: Json): string[] {
  const names = Object.keys({ ...before, ...now }).filter((name) => !counters.has(name));
  const changed = names.filter((name) => !isDeepStrictEqual(before[name], now[name]));
  if (changed.length === 0)
    return ['Nothing that is shown has changed. If this comes again, a proxy between changes the ETags.'];
  return changed.map((name) => `${name} was ${shortly(before[name])}, and is ${shortly(now[name])}`);
}
