import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { Problem } from '../../admin-api/problem.js';
import { Dialog } from '../../elements/dialog.js';
import { SelectField } from '../../elements/filter-fields.js';
import { Failed } from '../../elements/states.js';
import type { Policy, SettingsBody } from './policy-queries.js';

interface NewPolicyProps {
  readonly profiles: readonly Policy[];
  readonly onClose: () => void;
  readonly onMade: (name: string) => void;
}

/** Makes a policy from a ready profile. It applies nowhere until it is attached. */
export function NewPolicy({ profiles, onClose, onMade }: NewPolicyProps) {
  const [name, setName] = useState('');
  const [base, setBase] = useState('standard');
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () =>
      bodyOf(adminApi.POST('/v1/policies', { body: { name, settings: { basedOn: base } as SettingsBody } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['policies'] });
      onMade(name);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const problem = make.error instanceof Problem ? make.error : undefined;
  const atName = problem?.faultOf('name') ?? (problem?.status === 409 ? problem.message : undefined);
  return (
    <Dialog title="New policy" onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <div className="field">
          <label htmlFor="policy-name">Name</label>
          <input
            id="policy-name"
            data-first
            value={name}
            aria-invalid={atName ? true : undefined}
            aria-describedby="policy-name-says"
            onChange={(event) => setName(event.target.value)}
          />
          <p id="policy-name-says" className={atName ? 'problem' : 'hint'}>
            {atName ?? 'Lower-case letters, digits and hyphens, such as back-office'}
          </p>
        </div>
        <SelectField
          label="Based on"
          value={base}
          onChange={setBase}
          hint={profiles.find((one) => one.name === base)?.profile?.source}
        >
          {profiles.map((profile) => (
            <option key={profile.name} value={profile.name}>
              {profile.name}
            </option>
          ))}
        </SelectField>
        {make.isError && !atName && <Failed error={make.error} />}
        <div className="actions">
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" disabled={make.isPending}>
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}
