import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Author } from '../../elements/author.js';
import type { CsvColumn } from '../../elements/csv.js';
import { SelectField } from '../../elements/filter-fields.js';
import { CsvButton, TableHeading } from '../../elements/list-parts.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { type Revision, revisionsQuery } from './policy-queries.js';
import type { PolicySearch } from './policy-search.js';
import { type Difference, differences, settingWords, valueWords } from './setting-words.js';

const columns: readonly CsvColumn<Revision>[] = [
  { heading: 'version', text: ({ version }) => version },
  { heading: 'created_at', text: ({ created_at }) => created_at },
  { heading: 'created_by', text: ({ created_by }) => created_by },
  { heading: 'settings', text: ({ settings }) => JSON.stringify(settings) },
];

interface RevisionsProps {
  readonly name: string;
  readonly search: PolicySearch;
}

/** How a policy came about: each revision with what it changed, and any two of them side by side. */
export function Revisions({ name, search }: RevisionsProps) {
  const found = useQuery(revisionsQuery(name));
  const revisions = found.data ?? [];
  return (
    <div className="policy-grid">
      <section className="card stack" aria-label="Side by side">
        <h2>Side by side</h2>
        {revisions.length > 1 ? (
          <SideBySide name={name} revisions={revisions} search={search} />
        ) : (
          <p className="quiet">There is one version. A second one can be compared with it.</p>
        )}
      </section>
      <section className="card stack" aria-label="Revisions">
        <TableHeading title="Revisions" file={`revisions-${name}.csv`} columns={columns} rows={revisions} />
        {found.isPending && <Loading rows={2} label="Reading revisions" />}
        {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
        <ol className="revisions">
          {revisions.map((revision, index) => (
            <RevisionLine key={revision.version} revision={revision} before={revisions[index + 1]} />
          ))}
        </ol>
      </section>
    </div>
  );
}

interface RevisionLineProps {
  readonly revision: Revision;
  readonly before: Revision | undefined;
}

function RevisionLine({
  revision: { version, created_at, created_by, settings },
  before,
}: RevisionLineProps) {
  return (
    <li>
      <p>
        <span className="strong">Version {version}</span>{' '}
        <span className="quiet">
          {created_at && <Time at={created_at} />} {created_by && <Author of={created_by} />}
        </span>
      </p>
      {before ? (
        <Differences of={differences(before.settings, settings)} />
      ) : (
        <p className="small quiet">The first one.</p>
      )}
    </li>
  );
}

interface SideBySideProps extends RevisionsProps {
  readonly revisions: readonly Revision[];
}

/** Two revisions, setting by setting; which ones stands in the address. */
function SideBySide({ name, revisions, search }: SideBySideProps) {
  const navigate = useNavigate();
  const [isAll, setAll] = useState(false);
  const right = revisions.find(({ version }) => version === search.to) ?? revisions[0];
  const left =
    revisions.find(({ version }) => version === search.from) ??
    revisions.find(({ version }) => version < (right?.version ?? 0)) ??
    revisions[0];
  if (!left || !right) return null;
  const choose = (change: PolicySearch) =>
    void navigate({
      to: '/policies/$name',
      params: { name },
      search: { ...search, from: left.version, to: right.version, ...change },
      replace: true,
    });
  return (
    <>
      <div className="choice">
        <VersionField
          label="From"
          value={left.version}
          revisions={revisions}
          onChange={(from) => choose({ from })}
        />
        <VersionField
          label="To"
          value={right.version}
          revisions={revisions}
          onChange={(to) => choose({ to })}
        />
      </div>
      <label className="check">
        <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.target.checked)} />
        <span>Show settings that are the same, too</span>
      </label>
      <Compared left={left} right={right} isAll={isAll} />
    </>
  );
}

interface ComparedProps {
  readonly left: Revision;
  readonly right: Revision;
  /** Whether settings that are the same are shown, too. */
  readonly isAll: boolean;
}

function Compared({ left, right, isAll }: ComparedProps) {
  const changed = differences(left.settings, right.settings);
  const isChanged = (setting: string) => changed.some(({ name }) => name === setting);
  const all = Object.keys({ ...left.settings, ...right.settings });
  const shown = all.filter((setting) => isAll || isChanged(setting));
  if (shown.length === 0) return <p className="quiet">No setting differs.</p>;
  return (
    <>
      <table className="side-by-side">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Version {left.version}</th>
            <th scope="col">Version {right.version}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((setting) => {
            const [before, after] = [left, right].map(({ settings }) =>
              valueWords(settings[setting], setting),
            );
            return (
              <tr key={setting} className={isChanged(setting) ? 'changed' : 'quiet'}>
                <th scope="row">{settingWords(setting)}</th>
                <td>{isChanged(setting) ? <del>{before}</del> : before}</td>
                <td>{isChanged(setting) ? <ins>{after}</ins> : after}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <CsvButton
        file={`versions-${left.version}-${right.version}.csv`}
        columns={comparing(left, right)}
        rows={shown}
      />
    </>
  );
}

const comparing = (left: Revision, right: Revision): readonly CsvColumn<string>[] => [
  { heading: 'setting', text: (setting) => setting },
  ...[left, right].map(({ version, settings }) => ({
    heading: `version_${version}`,
    text: (setting: string) => JSON.stringify(settings[setting] ?? null),
  })),
];

interface VersionFieldProps {
  readonly label: string;
  readonly value: number;
  readonly revisions: readonly Revision[];
  readonly onChange: (version: number) => void;
}

function VersionField({ label, value, revisions, onChange }: VersionFieldProps) {
  return (
    <SelectField label={label} value={String(value)} onChange={(chosen) => onChange(Number(chosen))}>
      {revisions.map(({ version }) => (
        <option key={version} value={version}>
          Version {version}
        </option>
      ))}
    </SelectField>
  );
}

/** The differences between two revisions, setting by setting. */
export function Differences({ of }: { readonly of: readonly Difference[] }) {
  if (of.length === 0) return <p className="small quiet">No setting differs.</p>;
  return (
    <ul className="small">
      {of.map(({ name, before, after }) => (
        <li key={name}>
          {settingWords(name)}: <del>{valueWords(before, name)}</del> <ins>{valueWords(after, name)}</ins>
        </li>
      ))}
    </ul>
  );
}
