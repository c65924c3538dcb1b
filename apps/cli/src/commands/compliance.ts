import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { AdminClient, Json, Request } from '../admin-client.js';
import { contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { table } from '../output.js';
import { instantFrom } from '../time.js';

interface ComplianceOptions {
  readonly standard?: string;
  readonly client?: string;
  readonly resource?: string;
  readonly since?: string;
  readonly until?: string;
  readonly pdf?: string;
  readonly signed?: string;
}

/** `curfew compliance`. */
export const compliance = (): Command =>
  new Command('compliance')
    .summary('the demands of documents, what meets them, and the evidence')
    .option(
      '--standard <id>',
      'pci-dss, nist-800-63b, asvs, fapi2, hipaa, iso-27002 or gdpr; all unless given',
    )
    .option('--client <id>', 'judge the sessions of this client')
    .option('--resource <audience>', 'judge sessions with this API')
    .option('--since <time>', 'the beginning of the period: 2027-01-31T12:00:00Z, or 30d for 30 days ago')
    .option('--until <time>', 'its end; now unless given')
    .option('--pdf <file>', 'write the report as PDF')
    .option('--signed <file>', 'write the report as a JWS, signed by the installation')
    .addHelpText(
      'after',
      `
Exits with 7 where a control is not met.

Examples:
  curfew compliance --standard pci-dss --client shop
  curfew compliance --standard hipaa --pdf report.pdf
  curfew compliance --since 365d --signed report.jwt`,
    )
    .action(async (options: ComplianceOptions, command: Command) => {
      const { output, ...context } = contextOf(command);
      const admin = await context.admin();
      const { standard, client, resource, since, until } = options;
      const query = {
        standard,
        client,
        resource,
        since: since === undefined ? undefined : instantFrom(since),
        until: until === undefined ? undefined : instantFrom(until),
      };
      const report: Json = await admin.get('/v1/compliance', query);
      if (options.pdf !== undefined) await save(admin, '/v1/compliance/printed', query, options.pdf);
      if (options.signed !== undefined) await save(admin, '/v1/compliance/signed', query, options.signed);
      output.line(output.json ? JSON.stringify(report, null, 2) : told(report));
      if (unmet(report) > 0) process.exitCode = exitCodes.found;
    });

const controlsOf = ({ standards }: Json): Json[] =>
  standards.flatMap(({ id, controls }: Json) => controls.map((control: Json) => ({ id, ...control })));

const unmet = (report: Json): number => controlsOf(report).filter(({ state }) => state === 'not_met').length;

const checkWords = ({ setting, kind, asks, value, state }: Json): string =>
  `${state === 'met' ? '' : state === 'not_met' ? '! ' : '- '}${setting ?? kind}: ${asks}${value === null ? '' : ` (is ${value})`}`;

function told(report: Json): string {
  const rows = controlsOf(report).map(({ id, section, state, results }) => [
    id,
    section,
    state.replaceAll('_', ' '),
    results[0]?.in_force_since,
    results[0]?.checks.map(checkWords).join('; '),
  ]);
  const listed = table(['DOCUMENT', 'SECTION', 'STATE', 'SINCE', 'CHECKS'], rows);
  const others = report.subjects.length + report.subjects_left_out - 1;
  const also =
    others > 0 ? `\nEveryone and ${others} more are judged; SINCE and CHECKS are those of everyone.` : '';
  return `${listed}\n\n${unmet(report)} of ${rows.length} controls are not met.${also}`;
}

async function save(
  admin: AdminClient,
  path: string,
  query: NonNullable<Request['query']>,
  file: string,
): Promise<void> {
  const answer = await admin.open(path, query, { accept: '*/*' }, AbortSignal.timeout(30_000));
  if (!answer.ok) throw new CommandError(`the report was refused (${answer.status})`, exitCodes.failed);
  await writeFile(file, Buffer.from(await answer.arrayBuffer())).catch(() => {
    throw new CommandError(`${file} cannot be written`, exitCodes.usage);
  });
}
