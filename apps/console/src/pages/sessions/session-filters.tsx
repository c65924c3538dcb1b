import type { Problem } from '../../admin-api/problem.js';
import { serverNow } from '../../admin-api/server-time.js';
import { SelectField, TextField } from '../../elements/filter-fields.js';
import { ClientField, PersonField } from '../../elements/subject-fields.js';
import { reasonWords } from '../../elements/words.js';
import { endReasons } from '../../generated/lists.js';
import type { EndReason, SearchChange, SessionSearch } from './session-search.js';

interface SessionFiltersProps {
  readonly search: SessionSearch;
  readonly problem: Problem | undefined;
  readonly onChange: (change: SearchChange) => void;
}

const states = [
  ['live', 'Live'],
  ['ended', 'Ended'],
  ['', 'All'],
] as const;

const ages = [
  ['', 'at any time'],
  ['1', 'in the last hour'],
  ['24', 'in the last day'],
  ['168', 'in the last week'],
] as const;

/** The conditions of the list. They stand in the address, and a bulk end goes by the same ones. */
export function SessionFilters({ search, problem, onChange }: SessionFiltersProps) {
  return (
    <search className="filters" aria-label="Conditions">
      <fieldset className="segmented">
        <legend className="unseen">State</legend>
        {states.map(([value, title]) => (
          <label key={title}>
            <input
              type="radio"
              name="state"
              checked={(search.state ?? '') === value}
              onChange={() => onChange({ state: value === '' ? undefined : value })}
            />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      <PersonField
        account={search.account}
        problem={problem?.faultOf('account')}
        onChange={(account) => onChange({ account })}
      />
      <ClientField
        client={search.client}
        problem={problem?.faultOf('client')}
        onChange={(client) => onChange({ client })}
      />
      {search.state !== 'live' && (
        <SelectField
          label="Ended because of"
          value={search.reason ?? ''}
          problem={problem?.faultOf('reason')}
          onChange={(reason) => onChange({ reason: (reason || undefined) as EndReason | undefined })}
        >
          <option value="">any reason</option>
          {endReasons.map((reason) => (
            <option key={reason} value={reason}>
              {reasonWords(reason)}
            </option>
          ))}
        </SelectField>
      )}
      <TextField
        label="Address or network"
        placeholder="192.0.2.0/24"
        value={search.ip ?? ''}
        problem={problem?.faultOf('ip')}
        onCommit={(ip) => onChange({ ip })}
      />
      <TextField
        label="Browser or system"
        placeholder="firefox, android"
        value={search.user_agent ?? ''}
        problem={problem?.faultOf('user_agent')}
        onCommit={(user_agent) => onChange({ user_agent })}
      />
      <StartedField search={search} problem={problem} onChange={onChange} />
    </search>
  );
}

function StartedField({ search, problem, onChange }: SessionFiltersProps) {
  const since = search.started_after;
  const hours = (value: string) =>
    value === '' ? undefined : new Date(serverNow() - Number(value) * 3_600_000).toISOString();
  const present = since === undefined ? '' : (ages.find(([value]) => isAbout(since, value))?.[0] ?? since);
  return (
    <SelectField
      label="Signed in"
      value={present}
      problem={problem?.faultOf('started_after')}
      onChange={(value) => onChange({ started_after: hours(value) })}
    >
      {ages.map(([value, title]) => (
        <option key={value} value={value}>
          {title}
        </option>
      ))}
      {since !== undefined && present === since && <option value={since}>after {since}</option>}
    </SelectField>
  );
}

/** Whether an instant was that many hours ago when it was chosen, give or take a quarter of an hour of reading. */
const isAbout = (since: string, hours: string): boolean => {
  const ago = (serverNow() - Date.parse(since)) / 3_600_000;
  return hours !== '' && ago >= Number(hours) - 0.01 && ago < Number(hours) + 0.25;
};
