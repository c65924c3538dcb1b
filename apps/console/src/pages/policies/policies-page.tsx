import './policies.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ActButton } from '../../elements/act-button.js';
import type { CsvColumn } from '../../elements/csv.js';
import { ListHeading } from '../../elements/paged-list.js';
import { Failed, Loading } from '../../elements/states.js';
import { ApiName, ClientName } from '../../elements/subject-names.js';
import { EffectivePolicy } from './effective-policy.js';
import { NewPolicy } from './new-policy.js';
import { type Policy, policiesQuery, type Target } from './policy-queries.js';
import { valueWords } from './setting-words.js';
import { StopAdaptation } from './stop-adaptation.js';

const columns: readonly CsvColumn<Policy>[] = [
  { heading: 'name', text: ({ name }) => name },
  { heading: 'version', text: ({ version }) => version },
  { heading: 'profile', text: ({ profile }) => profile?.purpose ?? null },
  { heading: 'attached_to', text: ({ attached_to }) => JSON.stringify(attached_to) },
  { heading: 'settings', text: ({ settings }) => JSON.stringify(settings) },
];

/** Every policy with where it applies, and the policy that a client is really under. */
export function PoliciesPage() {
  const policies = useQuery(policiesQuery);
  const navigate = useNavigate();
  const [isMaking, setMaking] = useState(false);
  const [isStopping, setStopping] = useState(false);
  const own = policies.data?.filter(({ profile }) => profile === null) ?? [];
  const profiles = policies.data?.filter(({ profile }) => profile !== null) ?? [];
  return (
    <div>
      <ListHeading
        title="Policies"
        rows={[...own, ...profiles]}
        columns={columns}
        updated={policies.dataUpdatedAt}
        onRefresh={() => void policies.refetch()}
      >
        <ActButton scope="policies:write" look="ending" onAct={() => setStopping(true)}>
          Stop all adaptation …
        </ActButton>
        <ActButton scope="policies:write" look="main" onAct={() => setMaking(true)}>
          New policy
        </ActButton>
      </ListHeading>
      {policies.isPending && <Loading label="Reading policies" />}
      {policies.isError && <Failed error={policies.error} onRetry={() => policies.refetch()} />}
      {policies.data && (
        <div className="stack">
          <PolicyTable title="Your own" policies={own} />
          <PolicyTable title="Ready profiles" policies={profiles} />
          <EffectivePolicy />
        </div>
      )}
      {isStopping && <StopAdaptation onClose={() => setStopping(false)} />}
      {isMaking && (
        <NewPolicy
          profiles={profiles}
          onClose={() => setMaking(false)}
          onMade={(name) => void navigate({ to: '/policies/$name', params: { name } })}
        />
      )}
    </div>
  );
}

function PolicyTable({ title, policies }: { readonly title: string; readonly policies: readonly Policy[] }) {
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {policies.length === 0 && (
        <p className="quiet">There is none yet. Begin with a ready profile that is near to what you need.</p>
      )}
      {policies.length > 0 && (
        <div className="scroll">
          <table className="policies">
            <thead>
              <tr>
                <th scope="col">Policy</th>
                <th scope="col">Without activity</th>
                <th scope="col">In any case</th>
                <th scope="col">Applies to</th>
              </tr>
            </thead>
            <tbody>
              {policies.map((policy) => (
                <tr key={policy.name}>
                  <th scope="row">
                    <Link to="/policies/$name" params={{ name: policy.name }} data-row={policy.name}>
                      {policy.name}
                    </Link>
                    {policy.profile && <p className="small quiet">{policy.profile.purpose}</p>}
                  </th>
                  <td>{valueWords(policy.settings['inactivityTimeout'])}</td>
                  <td>{valueWords(policy.settings['absoluteLifetime'])}</td>
                  <td>
                    <Targets targets={policy.attached_to} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** The targets of a policy, by name. */
export function Targets({ targets }: { readonly targets: readonly Target[] }) {
  if (targets.length === 0) return <span className="quiet">nothing</span>;
  return (
    <ul>
      {targets.map((target) => (
        <li key={JSON.stringify(target)}>
          <TargetName of={target} />
        </li>
      ))}
    </ul>
  );
}

/** A target by its name, with its id. */
export function TargetName({ of: target }: { readonly of: Target }) {
  if (target.kind === 'everyone') return <>everyone</>;
  return target.kind === 'client' ? (
    <ClientName id={target.client_id} />
  ) : (
    <ApiName audience={target.audience} />
  );
}
