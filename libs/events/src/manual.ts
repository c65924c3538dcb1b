import { eventCatalogue, eventTypes } from '@curfew/session-policy';
import { alertPatterns, patterns } from './alerts/patterns.js';

/** The tables of docs/events.md, each a heading and its rows. */
const tables = () => ({
  events: [
    ['event', 'what happened', 'written'],
    eventTypes.map((type) => {
      const { meaning, written } = eventCatalogue[type];
      return [`\`${type}\``, meaning, written === 'with_cause' ? 'with its cause' : 'in batches'];
    }),
  ] as const,
  alerts: [
    ['pattern', 'severity', 'what it means', 'what is counted', 'answers'],
    alertPatterns.map((name) => {
      const { severity, meaning, distinct, answers } = patterns[name];
      const counted = distinct ? 'different ones' : 'all of them';
      return [`\`${name}\``, severity, meaning, counted, ['record', ...answers].join(', ')];
    }),
  ] as const,
});

/** Columns of one width, as the formatter of the house wants them. */
function table([heading, rows]: readonly [readonly string[], readonly (readonly string[])[]]): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** A page with its marked tables made anew from the lists that the code uses. */
export const withFreshEventTables = (page: string): string =>
  page.replaceAll(
    /<!-- table: (events|alerts) -->\n[\s\S]*?<!-- end of table -->/g,
    (_, name: 'events' | 'alerts') =>
      `<!-- table: ${name} -->\n\n${table(tables()[name])}\n\n<!-- end of table -->`,
  );
