import { buffer } from 'node:stream/consumers';
import { settingNames, valueWords } from '@curfew/session-policy/settings';
import type PDFDocument from 'pdfkit';
import type { ComplianceReport } from './compliance-report.js';

type Standard = ComplianceReport['standards'][number];
type Control = Standard['controls'][number];
type Pdf = InstanceType<typeof PDFDocument>;

const ink = '#1a1a2e';
const quiet = '#5a5a72';
const stateWords = { met: 'met', not_met: 'not met', not_applicable: 'not applicable' } as const;
const stateColours = { met: '#1b6b3a', not_met: '#a3262f', not_applicable: quiet } as const;

/** Signs that the fonts of every reader have no glyph for become a question mark (Windows-1252). */
const printable = (text: string): string =>
  text.replace(/[^\x20-\x7e\u00a0-\u00ff\u2013\u2014\u2018-\u201d\u2026]/g, '?');

const dayOf = (at: string): string => `${at.slice(0, 16).replace('T', ' ')} UTC`;

/** Writes a report as PDF, with the fonts that every reader has. */
export async function printReport(report: ComplianceReport): Promise<Buffer> {
  // Loaded here, because few processes ever print a report.
  const { default: PDFDocument } = await import('pdfkit');
  const pdf: Pdf = new PDFDocument({
    size: 'A4',
    margin: 54,
    info: { Title: 'Compliance report', Author: report.issuer, CreationDate: new Date(report.made_at) },
  });
  const written = buffer(pdf);
  writeHead(pdf, report);
  for (const standard of report.standards) writeStandard(pdf, standard, report);
  writeChanges(pdf, report);
  pdf.end();
  return written;
}

const line = (pdf: Pdf, text: string, size = 10, colour = ink, font = 'Helvetica'): void => {
  pdf.font(font).fontSize(size).fillColor(colour).text(printable(text));
};

function writeHead(pdf: Pdf, report: ComplianceReport): void {
  line(pdf, 'Compliance report', 20, ink, 'Helvetica-Bold');
  pdf.moveDown(0.3);
  line(pdf, report.issuer);
  line(pdf, `Period: ${dayOf(report.period.since)} to ${dayOf(report.period.until)}`);
  line(pdf, `Made at ${dayOf(report.made_at)}`);
  if (report.head)
    line(pdf, `Head of the chain of events: ${report.head.seal}:${report.head.hash}`, 8, quiet);
  pdf.moveDown(0.5);
  line(pdf, 'Whose sessions are judged', 12, ink, 'Helvetica-Bold');
  for (const [index, subject] of report.subjects.entries()) {
    const policies = subject.policies.map(({ name, version }) => `${name} (version ${version})`).join(', ');
    line(pdf, `${index + 1}. ${subjectWords(subject)}: ${policies || 'standard'}`);
  }
  if (report.subjects_left_out > 0)
    line(pdf, `${report.subjects_left_out} further ones are not in this report.`, 10, quiet);
}

const subjectWords = ({ target, name }: ComplianceReport['subjects'][number]): string => {
  if (target.kind === 'everyone') return 'Everyone else';
  const id = target.kind === 'client' ? target.client_id : target.audience;
  return name === null || name === id ? id : `${name} (${id})`;
};

function writeStandard(
  pdf: Pdf,
  { title, note, source, controls }: Standard,
  report: ComplianceReport,
): void {
  pdf.moveDown(1.2);
  line(pdf, title, 14, ink, 'Helvetica-Bold');
  if (note) line(pdf, note, 9, quiet);
  const compared = source.compared_on ? `Compared on ${source.compared_on} with` : 'Compared with';
  line(pdf, `${source.url}. ${compared} ${source.compared_with}`, 8, quiet);
  for (const control of controls) writeControl(pdf, control, report);
}

function writeControl(pdf: Pdf, control: Control, report: ComplianceReport): void {
  if (pdf.y > pdf.page.height - 150) pdf.addPage();
  pdf.moveDown(0.7);
  line(pdf, `${control.section}: ${control.asks}`, 10, ink, 'Helvetica-Bold');
  line(pdf, stateWords[control.state], 10, stateColours[control.state], 'Helvetica-Bold');
  if (control.note) line(pdf, control.note, 9, quiet);
  for (const result of control.results) {
    const since = result.in_force_since ? `, in force since ${dayOf(result.in_force_since)}` : '';
    if (report.subjects.length > 1)
      line(pdf, `${subjectWords(report.subjects[result.subject]!)}: ${stateWords[result.state]}${since}`, 9);
    else if (since) line(pdf, `In force since ${dayOf(result.in_force_since!)}`, 9);
    for (const check of result.checks)
      if (result.subject === 0 || check.kind === 'setting' || check.kind === 'registration')
        line(pdf, `   ${checkWords(check)}`, 9, stateColours[check.state]);
  }
  for (const { type, reason, count, at_least: atLeast } of control.events)
    line(
      pdf,
      `Evidence: ${atLeast ? 'at least ' : ''}${count} x ${type}${reason ? ` (${reason})` : ''}`,
      8,
      quiet,
    );
  for (const { file, title } of control.tests) line(pdf, `Test: ${file}, "${title}"`, 8, quiet);
}

function checkWords({
  kind,
  setting,
  asks,
  value,
  state,
}: Control['results'][number]['checks'][number]): string {
  if (kind === 'always') return `always: ${asks}`;
  if (kind === 'gap') return `gap: ${asks}`;
  const is = value === null ? '' : `; it is ${judgedWords(setting, value)}`;
  return `${setting ?? 'registration'}: ${asks}${is} (${stateWords[state]})`;
}

/** The values of a setting that were judged, several where accounts are under different ones, as a person reads them. */
function judgedWords(setting: string | null, value: string): string {
  const known = settingNames.find((name) => name === setting);
  if (!known) return value;
  return value
    .split(', ')
    .map((one) => valueWords(known, one))
    .join(', ');
}

function writeChanges(pdf: Pdf, { changes }: ComplianceReport): void {
  pdf.addPage();
  line(pdf, 'Changes of policies in the period', 14, ink, 'Helvetica-Bold');
  if (changes.length === 0) line(pdf, 'None.');
  for (const { at, policy, version, change, by } of changes)
    line(pdf, `${dayOf(at)}  ${policy}, version ${version}: ${change}${by ? `, by ${by}` : ''}`, 9);
}
