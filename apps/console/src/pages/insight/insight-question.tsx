import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Problem } from '../../admin-api/problem.js';
import { SelectField } from '../../elements/filter-fields.js';
import { ClientField } from '../../elements/subject-fields.js';
import { policiesQuery } from '../policies/policy-queries.js';
import { type InsightSearch, spans } from './insight-search.js';

interface InsightQuestionProps {
  readonly search: InsightSearch;
  readonly error: unknown;
}

/** The question stands in the address, so an answer can be kept and sent to somebody. */
export function InsightQuestion({ search, error }: InsightQuestionProps) {
  const navigate = useNavigate();
  const policies = useQuery(policiesQuery);
  const problem = error instanceof Problem ? error : undefined;
  const ask = (next: InsightSearch) => void navigate({ to: '/insight', search: next, replace: true });
  const days = search.days ? { days: search.days } : {};
  return (
    <search className="insight-question" aria-label="Question">
      <ClientField
        client={search.client}
        problem={problem?.code === 'unknown_client' ? problem.message : undefined}
        onChange={(client) => ask({ ...days, ...(client ? { client } : {}) })}
      />
      <NameField
        label="Policy"
        every="any policy"
        hint="The applications that it is attached to"
        value={search.policy}
        names={policies.data?.map(({ name }) => ({ id: name, name }))}
        problem={problem?.code === 'unknown_policy' ? problem.message : undefined}
        onChange={(policy) => ask({ ...days, ...(policy ? { policy } : {}) })}
      />
      <SelectField
        label="Looking back"
        value={String(search.days ?? 28)}
        onChange={(chosen) => ask({ ...search, days: Number(chosen) })}
      >
        {spans.map((span) => (
          <option key={span} value={span}>
            {span} days
          </option>
        ))}
      </SelectField>
    </search>
  );
}

interface NameFieldProps {
  readonly label: string;
  readonly every: string;
  readonly hint?: string;
  readonly value: string | undefined;
  readonly names: readonly { readonly id: string; readonly name: string }[] | undefined;
  readonly problem: string | undefined;
  readonly onChange: (id: string) => void;
}

/** A choice among names. A value of the address that no list has is offered, too, so that the choice shows what was asked. */
function NameField({ label, every, hint, value = '', names = [], problem, onChange }: NameFieldProps) {
  return (
    <SelectField label={label} value={value} hint={hint} problem={problem} onChange={onChange}>
      <option value="">{every}</option>
      {value !== '' && !names.some(({ id }) => id === value) && <option value={value}>{value}</option>}
      {names.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}
