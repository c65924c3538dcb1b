import type { z } from 'zod';
import { launcherNames } from './relations.js';
import { sections } from './schema.js';
import type { SettingNotes } from './values.js';

const introduction = `# Configuration

Curfew reads its configuration once, at start, from the environment. Every fault is reported at once, by the name of the setting and
never by its value. An empty variable counts as unset; a variable that begins with \`CURFEW_\` and is not listed here is a fault.
Durations are written with a unit (\`500ms\`, \`30s\`, \`15m\`, \`8h\`, \`30d\`), sizes too (\`56KiB\`).

How long sessions live, and what ends them, is not configured here: that is the business of policies.

This page is generated from the schema: run \`npm run docs\` after changing it.
`;

const besideTheSettings =
  'Only the launcher (`npm start`) and the command line read these. Servers ignore them.';

const heading = ['setting', 'meaning', 'form', 'default'];

/** The manual of all settings, as Markdown. */
export function manual(): string {
  const parts = sections.map(({ title, settings }) => {
    const rows = Object.entries<z.ZodType>(settings).map(([name, schema]) =>
      cells(name, { about: '', form: '', ...schema.meta() }),
    );
    return `## ${title}\n\n${table(rows)}\n`;
  });
  const beside = [...launcherNames].map(([name, about]) => `- \`${name}\`: ${about}`);
  return [
    introduction,
    ...parts,
    `## Beside the settings\n\n${besideTheSettings}\n\n${beside.join('\n')}\n`,
  ].join('\n');
}

function cells(name: string, { about, form, default: preset }: SettingNotes): string[] {
  return [`\`${name}\``, about, form, preset === undefined ? '–' : `\`${preset}\``];
}

/** Columns of one width, as the formatter of the house wants them. */
function table(rows: readonly string[][]): string {
  const widths = heading.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column]!)].map((cell) => cell.length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
