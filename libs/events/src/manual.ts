import { eventCatalogue, eventTypes } from '@curfew/session-policy';
import { alertPatterns, patterns } from './alerts/patterns.js';

const manners = { with_cause: 'with its cause', batched: 'in batches', counted: 'as a count' };

/** The tables of docs/events.md, each a heading and its rows. */
const tables = () => ({
  events: [
    ['event', 'what happened', 'written'],
    eventTypes.map((type) => {
      const { meaning, written } = eventCatalogue[type];
      return [`\`${type}\``, meaning, manners[written]];
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

/** The cells of a table: its heading, then its rows. */
type Table = readonly [heading: readonly string[], rows: readonly (readonly string[])[]];

/** Columns of one width, as the formatter of the house wants them. */
function drawn([heading, rows]: Table): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** A page with its marked tables made anew, each by its name. */
export const withFreshTables = (page: string, named: Readonly<Record<string, Table>>): string =>
  page.replaceAll(/<!-- table: (\w+) -->\n[\s\S]*?<!-- end of table -->/g, (whole, name: string) => {
    const table = named[name];
    return table ? `<!-- table: ${name} -->\n\n${drawn(table)}\n\n<!-- end of table -->` : whole;
  });

/** A page with its marked tables of events and alerts made anew from the lists that the code uses. */
export const withFreshEventTables = (page: string): string => withFreshTables(page, tables());
