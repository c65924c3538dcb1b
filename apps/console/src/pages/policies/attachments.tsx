import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { audiencesQuery, clientsQuery, useClientName } from '../../admin-api/names.js';
import { ActButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { SelectField } from '../../elements/filter-fields.js';
import { Failed, Loading } from '../../elements/states.js';
import { targetWords } from './policies-page.js';
import type { Policy, Target } from './policy-queries.js';
import { WouldEnd } from './would-end.js';

/** The targets of a policy; it can be attached to more, and detached. */
export function Attachments({ policy }: { readonly policy: Policy }) {
  const nameOf = useClientName();
  const [isAttaching, setAttaching] = useState(false);
  const queries = useQueryClient();
  const detach = useMutation({
    mutationFn: (target: Target) =>
      bodyOf(adminApi.POST('/v1/policy-attachments/detach', { body: { target } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['policies'] }),
  });
  return (
    <section className="card stack" aria-label="Applies to">
      <h2>Applies to</h2>
      {policy.attached_to.length === 0 && <p className="quiet">Nothing yet.</p>}
      <ul className="attachments">
        {policy.attached_to.map((target) => (
          <li key={JSON.stringify(target)}>
            <span>
              {targetWords(target, nameOf)}{' '}
              {target.kind !== 'everyone' && (
                <span className="small quiet">{target.kind === 'resource' ? 'API' : 'application'}</span>
              )}
            </span>
            <ActButton scope="policies:write" busy={detach.isPending} onAct={() => detach.mutate(target)}>
              Detach
            </ActButton>
          </li>
        ))}
      </ul>
      {detach.isError && <Failed error={detach.error} />}
      <ActButton scope="policies:write" onAct={() => setAttaching(true)}>
        Attach …
      </ActButton>
      {isAttaching && <Attach policy={policy} onClose={() => setAttaching(false)} />}
    </section>
  );
}

const targetOf = (choice: string): Target => {
  const [kind, ...rest] = choice.split(' ');
  const id = rest.join(' ');
  if (kind === 'client') return { kind, client_id: id };
  return kind === 'resource' ? { kind, audience: id } : { kind: 'everyone' };
};

/** Attaches a policy; first it says how many living sessions that would end. */
function Attach({ policy, onClose }: { readonly policy: Policy; readonly onClose: () => void }) {
  const mayRead = useMay('clients:read');
  const clients = useQuery({ ...clientsQuery, enabled: mayRead });
  const audiences = useQuery({ ...audiencesQuery, enabled: mayRead });
  const [choice, setChoice] = useState('everyone');
  const queries = useQueryClient();
  const target = targetOf(choice);
  const preview = useQuery({
    queryKey: ['policy preview', policy.name, choice],
    gcTime: 0,
    queryFn: () =>
      bodyOf(adminApi.POST('/v1/policies/preview', { body: { name: policy.name, attach_to: target } })),
  });
  const attach = useMutation({
    mutationFn: () =>
      bodyOf(adminApi.PUT('/v1/policy-attachments', { body: { target, policy: policy.name } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['policies'] });
      onClose();
    },
  });
  return (
    <Dialog title={`Attach ${policy.name}`} onClose={onClose}>
      <TargetField value={choice} onChange={setChoice} clients={clients.data} audiences={audiences.data} />
      {preview.isPending && <Loading rows={1} label="Counting" />}
      {preview.isError && <Failed error={preview.error} onRetry={() => preview.refetch()} />}
      {preview.data && <WouldEnd preview={preview.data} />}
      {attach.isError && <Failed error={attach.error} />}
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
        </button>
        <button type="button" disabled={!preview.data || attach.isPending} onClick={() => attach.mutate()}>
          Attach
        </button>
      </div>
    </Dialog>
  );
}

interface TargetFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly clients: readonly { readonly id: string; readonly name: string }[] | undefined;
  readonly audiences: readonly string[] | undefined;
}

/** A choice among everyone, the applications and the APIs. */
function TargetField({ value, onChange, clients, audiences }: TargetFieldProps) {
  return (
    <SelectField
      label="To"
      value={value}
      onChange={onChange}
      hint="It takes the place of the policy that is attached there now."
    >
      <option value="everyone">everyone</option>
      <optgroup label="Applications">
        {clients?.map(({ id, name }) => (
          <option key={id} value={`client ${id}`}>
            {name}
          </option>
        ))}
      </optgroup>
      <optgroup label="APIs">
        {audiences?.map((audience) => (
          <option key={audience} value={`resource ${audience}`}>
            {audience}
          </option>
        ))}
      </optgroup>
    </SelectField>
  );
}
