import '../policies/policies.css';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { SelectField } from '../../elements/filter-fields.js';
import { Failed, Loading } from '../../elements/states.js';
import { EffectiveSettings, readEffective } from '../policies/effective-policy.js';
import { type ApplicationDetails, policyNamesQuery } from './application-queries.js';

/** The policy that is attached to an application, and the one that its sessions are really under. */
export function ApplicationPolicy({ application }: { readonly application: ApplicationDetails }) {
  const mayRead = useMay('policies:read');
  const [isAttaching, setAttaching] = useState(false);
  const { client_id: id, policy, resources } = application;
  const effective = useQuery({
    queryKey: ['effective policy', id, resources],
    enabled: mayRead && application.grant_types.length > 0,
    queryFn: () => readEffective(id, resources),
  });
  return (
    <section className="card stack" aria-label="Policy">
      <h2>Policy of its sessions</h2>
      <p>
        {policy ? (
          <>
            Attached to this application:{' '}
            <Link to="/policies/$name" params={{ name: policy }}>
              {policy}
            </Link>
          </>
        ) : (
          <span className="quiet">No policy of its own; that of everyone and of its APIs applies.</span>
        )}
      </p>
      <ActButton scope={['policies:write', 'policies:read']} onAct={() => setAttaching(true)}>
        {policy ? 'Change …' : 'Attach a policy …'}
      </ActButton>
      {!mayRead && (
        <p className="quiet">
          You need the scope <code>policies:read</code> to see the values.
        </p>
      )}
      {effective.isLoading && <Loading rows={3} label="Reading the policy" />}
      {effective.isError && <Failed error={effective.error} onRetry={() => effective.refetch()} />}
      {effective.data && (
        <details>
          <summary>The policy that applies{resources.length > 0 && ', with all of its APIs'}</summary>
          <EffectiveSettings settings={effective.data.settings} />
        </details>
      )}
      {isAttaching && <AttachPolicy application={application} onClose={() => setAttaching(false)} />}
    </section>
  );
}

interface AttachPolicyProps {
  readonly application: ApplicationDetails;
  readonly onClose: () => void;
}

/** Attaches another policy, after counting how many living sessions that would end. */
function AttachPolicy({ application, onClose }: AttachPolicyProps) {
  const { client_id: id, policy } = application;
  const target = { kind: 'client', client_id: id } as const;
  const [name, setName] = useState(policy ?? '');
  const names = useQuery(policyNamesQuery);
  const queries = useQueryClient();
  const preview = useQuery({
    queryKey: ['policy preview', name, id],
    enabled: name !== '' && name !== policy,
    gcTime: 0,
    queryFn: () => bodyOf(adminApi.POST('/v1/policies/preview', { body: { name, attach_to: target } })),
  });
  return (
    <ConfirmDialog
      scope="policies:write"
      title={`The policy of ${application.client_name}`}
      button={name === '' ? 'Detach' : 'Attach'}
      off={
        name === (policy ?? '')
          ? 'This is the policy that it has now.'
          : preview.isLoading
            ? 'The sessions that would end are still being counted.'
            : undefined
      }
      act={async () =>
        name === ''
          ? bodyOf(adminApi.POST('/v1/policy-attachments/detach', { body: { target, before: policy } }))
          : bodyOf(adminApi.PUT('/v1/policy-attachments', { body: { target, policy: name, before: policy } }))
      }
      onOvertaken={() => queries.invalidateQueries({ queryKey: ['clients', id] }).then(() => [])}
      onDone={() => {
        void queries.invalidateQueries({ queryKey: ['clients', id] });
        void queries.invalidateQueries({ queryKey: ['policies'] });
        void queries.invalidateQueries({ queryKey: ['effective policy'] });
      }}
      onClose={onClose}
    >
      <p className="quiet">Attached now: {policy ?? 'no policy of its own'}.</p>
      <SelectField label="Policy" value={name} onChange={setName}>
        <option value="">no policy of its own</option>
        {names.data?.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </SelectField>
      {preview.isLoading && <p role="status">Counting what that would end …</p>}
      {preview.isError && <Failed error={preview.error} onRetry={() => preview.refetch()} />}
      {preview.data && (
        <p>
          <span className="strong">
            {preview.data.would_end.toLocaleString()} live{' '}
            {preview.data.would_end === 1 ? 'session' : 'sessions'}
          </span>{' '}
          would end at once.
        </p>
      )}
    </ConfirmDialog>
  );
}
