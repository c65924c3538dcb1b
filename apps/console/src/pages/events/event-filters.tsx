import type { Problem } from '../../admin-api/problem.js';
import { SelectField, TextField } from '../../elements/filter-fields.js';
import { ClientField, PersonField } from '../../elements/subject-fields.js';
import { TimeField } from '../../elements/time-field.js';
import { eventTypes } from '../../generated/lists.js';
import type { EventSearch, EventSearchChange } from './event-search.js';

interface EventFiltersProps {
  readonly search: EventSearch;
  readonly problem: Problem | undefined;
  readonly onChange: (change: EventSearchChange) => void;
}

const typeWords = (type: string): string => type.replace('.', ': ').replaceAll('_', ' ');

/** The conditions of the search. They stand in the address, and a file has what they find. */
export function EventFilters({ search, problem, onChange }: EventFiltersProps) {
  const type = search.type ?? '';
  const isListed = type === '' || eventTypes.some((one) => one === type);
  return (
    <search className="filters" aria-label="Conditions">
      <SelectField
        label="Type"
        value={type}
        problem={problem?.faultOf('type')}
        onChange={(value) => onChange({ type: value || undefined })}
      >
        <option value="">every type</option>
        {!isListed && <option value={type}>{type}</option>}
        {eventTypes.map((one) => (
          <option key={one} value={one}>
            {typeWords(one)}
          </option>
        ))}
      </SelectField>
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
      <TextField
        label="Session"
        placeholder="the id of a session"
        value={search.session ?? ''}
        problem={problem?.faultOf('session')}
        onCommit={(session) => onChange({ session: session.toLowerCase() || undefined })}
      />
      <TextField
        label="Address or network"
        placeholder="192.0.2.0/24"
        value={search.ip ?? ''}
        problem={problem?.faultOf('ip')}
        onCommit={(ip) => onChange({ ip: ip || undefined })}
      />
      <TimeField
        label="From"
        value={search.since}
        problem={problem?.faultOf('since')}
        onChange={(since) => onChange({ since })}
      />
      <TimeField
        label="Before"
        value={search.until}
        problem={problem?.faultOf('until')}
        onChange={(until) => onChange({ until })}
      />
    </search>
  );
}
