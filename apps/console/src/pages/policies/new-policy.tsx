import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { SelectField } from '../../elements/filter-fields.js';
import { InputField } from '../../elements/input-field.js';
import { refusalOf } from '../../elements/refusal.js';
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
  const { at, rest } = refusalOf(make.error, ['name', 'basedOn'], { policy_exists: 'name' });
  return (
    <Dialog title="New policy" onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <InputField
          label="Name"
          isFirst
          value={name}
          onChange={setName}
          problem={at('name')}
          hint="Lower-case letters, digits and hyphens, such as back-office"
        />
        <SelectField
          label="Based on"
          value={base}
          onChange={setBase}
          problem={at('basedOn')}
          hint={profiles.find((one) => one.name === base)?.profile?.source}
        >
          {profiles.map((profile) => (
            <option key={profile.name} value={profile.name}>
              {profile.name}
            </option>
          ))}
        </SelectField>
        <Failed error={rest} />
        <div className="actions">
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
          <SendButton scope="policies:write" type="submit" busy={make.isPending}>
            Create
          </SendButton>
        </div>
      </form>
    </Dialog>
  );
}
