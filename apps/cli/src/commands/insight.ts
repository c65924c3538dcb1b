import { Command } from 'commander';
import type { Json } from '../admin-client.js';
import { type Context, contextOf } from '../context.js';
import { facts, length, table } from '../output.js';
import { instantFrom } from '../time.js';

/** `curfew insight`. */
export const insight = (): Command =>
  new Command('insight')
    .summary('insight: timeouts, what-if, exposure, reuse-ends')
    .description('The cost of timeouts to people and the exposure they save, from counts, with intervals.')
    .addCommand(timeouts())
    .addCommand(whatIf())
    .addCommand(exposure())
    .addCommand(reuseEnds());

interface Subject {
  readonly client?: string;
  readonly policy?: string;
  readonly from?: string;
  readonly to?: string;
}

const about = (command: Command): Command =>
  command
    .option('--client <id>', 'only this client')
    .option('--policy <name>', 'only the clients this policy is attached to')
    .option('--from <time>', 'the first day, such as 2027-01-31T00:00:00Z or 28d')
    .option('--to <time>', 'the last day');

const queryOf = ({ client, policy, from, to }: Subject) => ({
  client,
  policy,
  from: from && instantFrom(from),
  to: to && instantFrom(to),
});

/** Requests a report. Prints JSON for scripts, or the missing data, or hands the result on. */
async function ask(context: Context, path: string, query: Record<string, string | undefined>): Promise<Json> {
  const answer = await (await context.admin()).get(`/v1/insight/${path}`, query);
  if (context.output.json) {
    context.output.line(JSON.stringify(answer, null, 2));
    return undefined;
  }
  tellEvidence(context, answer);
  return answer.found ?? undefined;
}

function tellEvidence({ output }: Context, { evidence, missing }: Json): void {
  const days = `${evidence.from.slice(0, 10)} to ${evidence.to.slice(0, 10)}, counts on ${evidence.days} day(s)`;
  output.line(
    facts([
      ['Window', days],
      ['Seen', `${evidence.silences} silences in ${evidence.visits} visits`],
      ['Timeouts in force', evidence.inactivity_timeouts.map(length)],
    ]),
  );
  for (const text of evidence.unknown) output.line(`  - ${text}`);
  if (missing.length > 0) output.line('\nThere is too little data yet:');
  for (const { of, have, need, days: more } of missing)
    output.line(
      `  ${of}: ${have} of ${need}${more === null ? '' : `, enough in about ${more} day(s) at the present rate`}`,
    );
  output.line();
}

const figure = (value: number): string => {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 3);
};
const estimate = ({ value, low, high }: Json): string =>
  `${figure(value)} (${figure(low)} to ${figure(high)})`;
const share = ({ value, low, high }: Json): string =>
  `${(value * 100).toFixed(1)} % (${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %)`;

const visitRows = [
  ['Sign-ins again per person and day', 'sign_ins_again_per_person_day', estimate],
  ['Sign-ins again per visit', 'sign_ins_again_per_visit', estimate],
  ['Sessions ended by it per visit', 'cuts_per_visit', estimate],
  ['Visits given up at the sign-in page', 'gave_up_per_visit', share],
  ['People cut at work per day', 'cut_at_work_per_day', estimate],
  ['Unattended, usable hours per day', 'exposure_hours_per_day', estimate],
] as const;

const timeouts = (): Command =>
  about(new Command('timeouts'))
    .summary('how long sessions are silent, and what the timeouts in force cost and save')
    .addHelpText(
      'after',
      '\nExamples:\n  curfew insight timeouts\n  curfew insight timeouts --client shop --from 14d',
    )
    .action(async (options: Subject, command: Command) => {
      const context = contextOf(command);
      const found = await ask(context, 'timeouts', queryOf(options));
      if (!found) return;
      const { output } = context;
      output.line(facts(visitRows.map(([name, member, shown]) => [name, shown(found.in_force[member])])));
      output.line(facts([['Timeouts that cut somebody at work', share(found.cut_while_working)]]));
      if (found.valley)
        output.line(
          `\nSilences are rarest at about ${length(Math.round(found.valley.seconds))}: a hint for a timeout.`,
        );
      const steps = found.funnel.map((one: Json) => [
        length(one.within_seconds),
        one.ended,
        one.shown,
        one.proved,
        one.resumed,
      ]);
      output.line(`\n${table(['WITHIN', 'ENDED', 'SAW SIGN-IN', 'PROVED', 'BACK'], steps)}`);
      tellLowValue(context, found.low_value);
    });

function tellLowValue({ output }: Context, { share: all, by_client: clients }: Json): void {
  output.line(`\nSilences ended by a clock and not a person: ${share(all)}`);
  for (const { client_id: client, share: part, advice } of clients)
    if (part >= 0.02) output.line(`  ${client}: ${(part * 100).toFixed(1)} %. ${advice}`);
}

interface Candidates extends Subject {
  readonly inactivityTimeout?: string;
  readonly absoluteLifetime?: string;
  readonly retryWindow?: string;
  readonly siblingWindow?: string;
  readonly ipChange?: string;
  readonly deviceMismatch?: string;
  readonly tlsFingerprintChange?: string;
}

const whatIf = (): Command =>
  about(new Command('what-if'))
    .summary('estimate another timeout, lifetime, retry window, window for siblings or risk rule')
    .option('--inactivity-timeout <duration>', 'such as 15m')
    .option('--absolute-lifetime <duration>', 'such as 8h')
    .option('--retry-window <duration>', 'such as 30s')
    .option('--sibling-window <duration>', 'such as 15m')
    .option('--ip-change <action>', 'step_up or end')
    .option('--device-mismatch <action>', 'step_up or end')
    .option('--tls-fingerprint-change <action>', 'step_up or end')
    .addHelpText(
      'after',
      '\nExamples:\n  curfew insight what-if --policy staff --inactivity-timeout 15m\n  curfew insight what-if --ip-change end --retry-window 60s',
    )
    .action(async (options: Candidates, command: Command) => {
      const context = contextOf(command);
      const found = await ask(context, 'what-if', {
        ...queryOf(options),
        inactivity_timeout: options.inactivityTimeout,
        absolute_lifetime: options.absoluteLifetime,
        retry_window: options.retryWindow,
        sibling_window: options.siblingWindow,
        ip_change: options.ipChange,
        device_mismatch: options.deviceMismatch,
        tls_fingerprint_change: options.tlsFingerprintChange,
      });
      if (found) tellComparison(context, found);
    });

function tellComparison({ output }: Context, found: Json): void {
  const {
    inactivity_timeout: idle,
    absolute_lifetime: lifetime,
    retry_window: retry,
    siblings,
    risk_rules: risk,
  } = found;
  if (idle) {
    const rows = visitRows.map(([name, member, shown]) => [
      name,
      shown(idle.before[member]),
      shown(idle.after[member]),
    ]);
    output.line(table(['', 'NOW', `WITH ${length(idle.candidate_seconds)}`], rows));
    const clients = idle.by_client.map((one: Json) => [
      one.client_id,
      estimate(one.before),
      estimate(one.after),
    ]);
    if (clients.length > 0) output.line(`\n${table(['SIGN-INS AGAIN PER VISIT', 'NOW', 'THEN'], clients)}`);
  }
  if (lifetime)
    output.line(
      `\nAn absolute lifetime of ${length(lifetime.candidate_seconds)} is reached by ${share(lifetime.reached)} of sessions and ends ${estimate(lifetime.ends_per_session)} per session.`,
    );
  if (retry)
    output.line(
      `\nOf ${retry.reuse_ends} session(s) ended for a reused token, ${retry.would_be_retries} would have been retries: ${share(retry.share)}.`,
    );
  if (siblings)
    output.line(
      `\nOf ${siblings.reuse_ends} session(s) ended for a reused token, ${siblings.would_be_siblings} would have been served as siblings, up to ${siblings.distance} generations behind: ${share(siblings.share)}.`,
    );
  for (const {
    rule,
    candidate,
    sessions,
    came_back_as_themselves: themselves,
    share: part,
    complete,
  } of risk ?? [])
    output.line(
      `\nWith ${rule}: ${candidate}, ${sessions} session(s) would have been ${candidate === 'end' ? 'ended' : 'stepped up'}${complete ? '' : ' (of the latest findings)'}; the person of ${themselves} was there: ${share(part)}.`,
    );
}

const exposure = (): Command =>
  about(new Command('exposure'))
    .summary('hours a day in which sessions are alive and nobody is there')
    .addHelpText('after', '\nExample:\n  curfew insight exposure --policy staff --from 90d')
    .action(async (options: Subject, command: Command) => {
      const context = contextOf(command);
      const found = await ask(context, 'exposure', queryOf(options));
      if (!found) return;
      const { output } = context;
      if (found.now)
        output.line(
          `Now: ${found.now.unattended} of ${found.now.live} session(s) are unattended, and usable for ${figure(found.now.usable_hours)} hours if nobody comes back.`,
        );
      output.line(`Unattended, usable hours per day: ${estimate(found.hours_per_day)}\n`);
      const rows = found.over_time.map((one: Json) => [
        one.from.slice(0, 10),
        one.days,
        estimate(one.hours_per_day),
      ]);
      output.line(table(['FROM', 'DAYS', 'HOURS PER DAY'], rows));
      for (const change of found.changes)
        output.line(
          `\nVersion ${change.version} of ${change.policy} (${change.at}): ${estimate(change.before)} before, predicted ${estimate(change.predicted)}, then ${estimate(change.after)}.`,
        );
    });

const reuseEnds = (): Command =>
  about(new Command('reuse-ends'))
    .summary('sessions that ended for a reused token, and in how many their person was no thief')
    .addHelpText('after', '\nExample:\n  curfew insight reuse-ends --from 7d')
    .action(async (options: Subject, command: Command) => {
      const { output, admin } = contextOf(command);
      const found = await (await admin()).get('/v1/insight/reuse-ends', queryOf(options));
      if (output.json) return output.line(JSON.stringify(found, null, 2));
      output.line(
        `${found.ends} session(s) ended for a reused token; in ${found.came_back_as_themselves} the person came back as themselves: ${share(found.share)}.`,
      );
      if (found.siblings_served > 0)
        output.line(
          `${found.siblings_served} sibling(s) were served in ${found.sessions_with_siblings} session(s), which would have ended.`,
        );
      const rows = found.by_client.map((one: Json) => [
        one.client_id,
        one.ends,
        one.came_back_as_themselves,
        share(one.share),
        one.siblings_served,
      ]);
      const heading = ['CLIENT', 'ENDS', 'CAME BACK', 'SHARE', 'SIBLINGS'];
      if (rows.length > 0) output.line(`\n${table(heading, rows)}`);
    });
