import { browserSignInRows } from './browser-sign-in.js';
import { formatDuration } from './durations.js';
import type { SilentReturn } from './end-reach.js';
import { endReasonEntry, endReasons } from './end-reasons.js';
import { formatSetting } from './parse-policy.js';
import { settingNames, settingOf } from './policy.js';
import { profileNames, profiles } from './profiles.js';
import { lastRefreshRow, refreshRows } from './refresh.js';
import type { SettingShape } from './setting.js';
import { seconds } from './time.js';

type Cells = readonly string[];

/** The cells of a table: its heading, then its rows. */
type Table = readonly [heading: Cells, rows: readonly Cells[]];

const table = (heading: Cells, rows: readonly Cells[]): Table => [heading, rows];

const decisionTable = (
  rows: readonly { readonly when: string; readonly decision: string; readonly reason: string }[],
): Table =>
  table(
    ['#', 'when', 'decision', 'reason'],
    rows.map((row, index) => [
      String(index + 1),
      row.when,
      row.decision,
      row.reason.replaceAll(/\b[a-z]+(?:_[a-z]+)+\b/g, '`$&`'),
    ]),
  );

const decisions = (): Table => decisionTable([...refreshRows, lastRefreshRow]);

const inWords = (shape: SettingShape): string => {
  if (shape.kind === 'choice') return shape.choices.map((choice) => `\`${choice}\``).join(', ');
  if (shape.kind === 'duration') {
    return `${formatDuration(seconds(shape.min))} – ${formatDuration(seconds(shape.max))}`;
  }
  if (shape.kind === 'canary') {
    const [min, max] = [formatDuration(seconds(shape.min)), formatDuration(seconds(shape.max))];
    return `none, or an \`inactivityTimeout\` (${min} – ${max}) and a \`share\` of the accounts (1% – ${shape.maxShare}%)`;
  }
  return `${shape.min} – ${shape.max}${shape.orUnlimited ? ', or unlimited' : ''}`;
};

const nothing = ({ kind }: SettingShape): string => (kind === 'count' ? 'unlimited' : 'none');

const settings = (): Table =>
  table(
    ['setting', 'allowed', ...profileNames],
    settingNames.map((name) => [
      `\`${name}\``,
      inWords(settingOf(name).shape),
      ...profileNames.map((profile) =>
        String(formatSetting(name, profiles[profile].policy[name]) ?? nothing(settingOf(name).shape)),
      ),
    ]),
  );

const sources = (): Table =>
  table(
    ['profile', 'for', 'source of its numbers'],
    profileNames.map((name) => [`\`${name}\``, profiles[name].purpose, profiles[name].source]),
  );

const reasons = (): Table =>
  table(
    ['reason', 'meaning'],
    endReasons.map((reason) => [`\`${reason}\``, endReasonEntry(reason).meaning]),
  );

const silentReturns: { readonly [Return in SilentReturn]: string } = {
  allowed: 'goes on as before',
  proof_under_that_policy: 'asks for proof wherever that policy, or a stricter one, applies',
  proof_at_that_client: 'asks for proof at that client, where all its sessions were ended',
  proof: 'asks for proof',
};

const reach = (): Table =>
  table(
    ['reason', 'sessions that end', 'the browser without a page', 'why so far'],
    endReasons.map((reason) => {
      const { ends, silentReturn, why } = endReasonEntry(reason);
      return [`\`${reason}\``, ends, silentReturns[silentReturn], why];
    }),
  );

/** The outcome of each way of coming back after an end for this reason, in the order of `waysBack`. */
const outcomes = (silentReturn: SilentReturn): Cells => {
  const [silent, page] =
    silentReturn === 'allowed' ? ['goes on', 'goes on'] : ['`login_required`', 'sign-in page'];
  const own = silentReturn === 'proof' ? 'sign-in page' : 'go on';
  const behindGateway = `a script gets 401; a page leads ${silentReturn === 'allowed' ? 'back in' : 'to the sign-in page'}`;
  return [silent, page, silent, behindGateway, own, 'refused on every node'];
};

const waysBack: Cells = [
  'reason',
  '`prompt=none`',
  'authorization with a page',
  'silent renewal in a frame',
  'gateway in browser mode, with the cookie of the ended session',
  'account pages',
  'refresh, introspection, userinfo of the ended session',
];

const returns = (): Table =>
  table(
    waysBack,
    endReasons.map((reason) => [`\`${reason}\``, ...outcomes(endReasonEntry(reason).silentReturn)]),
  );

/** The tables of docs/sessions.md, as Markdown, made from the very values that decide. */
export const sessionTables: Readonly<Record<string, () => Table>> = {
  'browser-sign-in': () => decisionTable(browserSignInRows),
  decisions,
  'end-reach': reach,
  'end-reasons': reasons,
  'end-returns': returns,
  profiles: sources,
  settings,
};

/** Columns of one width, as the formatter wants them. */
function drawn([heading, rows]: Table): string {
  const widths = heading.map((_, column) =>
    Math.max(3, ...[heading, ...rows].map((row) => row[column]!.length)),
  );
  const line = (row: Cells) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

const block = /<!-- table: ([\w-]+) -->\n[\s\S]*?<!-- end of table -->/g;

/** A page with its marked tables made anew; a name without a table is left as it is, for a test to find. */
export const withFreshTables = (page: string, named: Readonly<Record<string, () => Table>>): string =>
  page.replaceAll(block, (old, name: string) => {
    const make = Object.hasOwn(named, name) ? named[name] : undefined;
    return make ? `<!-- table: ${name} -->\n\n${drawn(make())}\n\n<!-- end of table -->` : old;
  });

/** The page docs/sessions.md with its tables made anew. */
export const withFreshSessionTables = (page: string): string => withFreshTables(page, sessionTables);
