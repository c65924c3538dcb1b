import './compliance.css';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { withConditions } from '../../elements/conditions.js';
import { type CsvColumn, download } from '../../elements/csv.js';
import { exactWords } from '../../elements/durations.js';
import { SelectField } from '../../elements/filter-fields.js';
import { CsvButton, FileButton } from '../../elements/list-parts.js';
import { type Refusal, refusalOf } from '../../elements/refusal.js';
import { Failed, Loading } from '../../elements/states.js';
import { ApiField, ClientField } from '../../elements/subject-fields.js';
import { TimeField } from '../../elements/time-field.js';
import { complianceStandards } from '../../generated/lists.js';
import {
  type ComplianceSearch,
  type Control,
  complianceQuery,
  type Report,
  reportFile,
} from './compliance-queries.js';
import { ControlRow, SubjectName, stateWords } from './control-row.js';

const route = getRouteApi('/shell/compliance');

const titles: Readonly<Record<string, string>> = {
  'pci-dss': 'PCI DSS 4.0.1',
  'nist-800-63b': 'NIST SP 800-63B-4',
  asvs: 'OWASP ASVS 5.0',
  fapi2: 'FAPI 2.0',
  hipaa: 'HIPAA',
  'iso-27002': 'ISO/IEC 27002:2022',
  gdpr: 'GDPR',
};

interface Row {
  readonly standard: string;
  readonly control: Control;
}

const columns: readonly CsvColumn<Row>[] = [
  { heading: 'document', text: ({ standard }) => standard },
  { heading: 'section', text: ({ control }) => control.section },
  { heading: 'asks', text: ({ control }) => control.asks },
  { heading: 'state', text: ({ control }) => control.state },
  { heading: 'in_force_since', text: ({ control }) => control.results[0]?.in_force_since ?? null },
  {
    heading: 'checks',
    text: ({ control }) =>
      (control.results[0]?.checks ?? [])
        .map(({ setting, kind, asks, value }) => `${setting ?? kind}: ${asks}${value ? `; is ${value}` : ''}`)
        .join(' | '),
  },
  { heading: 'note', text: ({ control }) => control.note },
];

/** The demands of documents, control by control, with what meets them here and the evidence. */
export function CompliancePage() {
  const search = route.useSearch();
  const report = useQuery(complianceQuery(search));
  const refusal = refusalOf(report.error, ['standard', 'client', 'resource', 'since', 'until'], {
    unknown_client: 'client',
    unknown_resource: 'resource',
  });
  const file = useMutation({
    mutationFn: async (kind: 'signed' | 'printed') =>
      download(kind === 'signed' ? 'compliance.jwt' : 'compliance.pdf', await reportFile(kind, search)),
  });
  const rows = report.data?.standards.flatMap(({ title, controls }) =>
    controls.map((control): Row => ({ standard: title, control })),
  );
  return (
    <div className="compliance">
      <div className="heading">
        <h1>Compliance</h1>
        <div className="actions">
          {(['printed', 'signed'] as const).map((kind) => (
            <FileButton
              key={kind}
              off={report.data ? undefined : 'There is no report yet.'}
              busy={file.isPending}
              onAct={() => file.mutate(kind)}
            >
              {kind === 'printed' ? 'PDF' : 'Signed JSON'}
            </FileButton>
          ))}
          <CsvButton file="compliance.csv" columns={columns} rows={rows ?? []} />
        </div>
      </div>
      <Question search={search} refusal={refusal} />
      {file.isError && <Failed error={file.error} />}
      {report.isPending && <Loading label="Judging the controls" />}
      {report.isError && <Failed error={report.error} onRetry={() => report.refetch()} />}
      {report.data && <Judged report={report.data} />}
    </div>
  );
}

function Question({ search, refusal }: { readonly search: ComplianceSearch; readonly refusal: Refusal }) {
  const navigate = useNavigate();
  const change = (next: { readonly [Name in keyof ComplianceSearch]?: ComplianceSearch[Name] | undefined }) =>
    navigate({ to: '/compliance', search: withConditions(search, next), replace: true });
  return (
    <search className="filters" aria-label="Question">
      <SelectField
        label="Document"
        value={search.standard ?? ''}
        problem={refusal.at('standard')}
        onChange={(value) => change({ standard: (value || undefined) as ComplianceSearch['standard'] })}
      >
        <option value="">every document</option>
        {complianceStandards.map((id) => (
          <option key={id} value={id}>
            {titles[id] ?? id}
          </option>
        ))}
      </SelectField>
      <ClientField
        client={search.client}
        problem={refusal.at('client')}
        onChange={(client) => change({ client })}
      />
      <ApiField
        api={search.resource}
        problem={refusal.at('resource')}
        onChange={(resource) => change({ resource })}
      />
      <TimeField
        label="Period from"
        value={search.since}
        problem={refusal.at('since')}
        onChange={(since) => change({ since })}
      />
      <TimeField
        label="Period before"
        value={search.until}
        problem={refusal.at('until')}
        onChange={(until) => change({ until })}
      />
    </search>
  );
}

function Judged({ report }: { readonly report: Report }) {
  return (
    <div className="stack">
      <section className="card" aria-label="Whose sessions are judged">
        <h2>Whose sessions are judged</h2>
        <p className="quiet small">
          From {exactWords(report.period.since)} to {exactWords(report.period.until)}. Policies are judged as
          they are now, with the time since which they have been so.
        </p>
        <ul>
          {report.subjects.map((subject) => (
            <li key={JSON.stringify(subject.target)}>
              <SubjectName of={subject} />{' '}
              <span className="quiet">
                {subject.policies.map(({ name, version }) => `${name}, version ${version}`).join(' · ')}
              </span>
            </li>
          ))}
        </ul>
        {report.subjects_left_out > 0 && (
          <p>
            {report.subjects_left_out} more have a policy of their own. Choose an application to judge it.
          </p>
        )}
      </section>
      {report.standards.map((standard) => (
        <JudgedStandard key={standard.id} standard={standard} report={report} />
      ))}
    </div>
  );
}

interface JudgedStandardProps {
  readonly standard: Report['standards'][number];
  readonly report: Report;
}

function JudgedStandard({ standard, report }: JudgedStandardProps) {
  const applicable = standard.controls.filter(({ state }) => state !== 'not_applicable');
  const met = applicable.filter(({ state }) => state === 'met').length;
  return (
    <section className="card" aria-label={standard.title}>
      <div className="heading">
        <h2>{standard.title}</h2>
        <span className={`badge ${met === applicable.length ? 'good' : ''}`}>
          {met} of {applicable.length} {stateWords.met}
        </span>
      </div>
      {standard.note && <p className="quiet">{standard.note}</p>}
      <p className="small quiet">
        <a href={standard.source.url} rel="noreferrer">
          {standard.source.url}
        </a>
        . Compared {standard.source.compared_on && `on ${standard.source.compared_on} `}with{' '}
        {standard.source.compared_with}
      </p>
      <ol className="controls">
        {standard.controls.map((control) => (
          <ControlRow
            key={control.section}
            id={`${standard.id} ${control.section}`}
            {...{ control, report }}
          />
        ))}
      </ol>
    </section>
  );
}
