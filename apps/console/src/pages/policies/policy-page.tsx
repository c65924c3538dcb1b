import './policies.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ActButton } from '../../elements/act-button.js';
import { Author } from '../../elements/author.js';
import { Icon } from '../../elements/icon.js';
import { focusRow } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { useEscape } from '../../shell/keyboard.js';
import { Adaptation } from './adaptation.js';
import { Attachments } from './attachments.js';
import { Canary } from './canary.js';
import { DocumentsMet } from './documents-met.js';
import { PolicyEditor } from './policy-editor.js';
import { lintQuery, type PolicyDetails, policyQuery } from './policy-queries.js';
import { type PolicySearch, type View, views } from './policy-search.js';
import { Revisions } from './revisions.js';
import { isSaid, sentenceWords, settingWords, valueWords } from './setting-words.js';
import { Shadow } from './shadow.js';
import { WhatIf } from './what-if.js';

/** One policy: its settings, where it applies, how it came about, and what another timeout would do. */
export function PolicyPage() {
  const { name } = useParams({ from: '/shell/policies/$name' });
  const search = useSearch({ from: '/shell/policies/$name' });
  const found = useQuery(policyQuery(name));
  const navigate = useNavigate();
  const [isEditing, setEditing] = useState(false);
  useEscape(() => {
    if (!isEditing) void navigate({ to: '/policies' }).then(() => focusRow(name));
  });
  const policy = found.data?.body;
  return (
    <>
      <div className="heading">
        <div>
          <p className="small">
            <Link to="/policies" className="back">
              <Icon name="back" />
              Policies
            </Link>
          </p>
          <h1>{name}</h1>
          {policy?.profile ? (
            <p className="quiet">{policy.profile.purpose}</p>
          ) : (
            policy && <LastSaved policy={policy} />
          )}
        </div>
        {policy && policy.profile === null && !isEditing && (
          <ActButton scope="policies:write" look="main" onAct={() => setEditing(true)}>
            Change it
          </ActButton>
        )}
      </div>
      {found.isPending && <Loading label="Reading the policy" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {policy && isEditing && (
        <PolicyEditor policy={policy} etag={found.data?.etag ?? ''} onDone={() => setEditing(false)} />
      )}
      {policy && !isEditing && (
        <>
          <Parts name={name} view={search.view ?? 'settings'} />
          <Part policy={policy} etag={found.data?.etag ?? ''} search={search} />
        </>
      )}
    </>
  );
}

function LastSaved({ policy }: { readonly policy: PolicyDetails }) {
  return (
    <p className="quiet">
      Version {policy.version}
      {policy.created_at && (
        <>
          , saved <Time at={policy.created_at} />
        </>
      )}
      {policy.created_by && (
        <>
          {' '}
          <Author of={policy.created_by} />
        </>
      )}
    </p>
  );
}

const titles: Readonly<Record<View, string>> = {
  settings: 'Settings',
  trials: 'Try out',
  adaptation: 'Adaptation',
  revisions: 'Revisions',
};

/** Links to the parts of the page; the address says which one is open. */
function Parts({ name, view }: { readonly name: string; readonly view: View }) {
  return (
    <nav className="parts" aria-label="Parts of this policy">
      {views.map((one) => (
        <Link
          key={one}
          to="/policies/$name"
          params={{ name }}
          search={one === 'settings' ? {} : { view: one }}
          activeOptions={{ exact: true, includeSearch: true }}
          aria-current={one === view ? 'page' : undefined}
        >
          {titles[one]}
        </Link>
      ))}
    </nav>
  );
}

interface PartProps {
  readonly policy: PolicyDetails;
  readonly etag: string;
  readonly search: PolicySearch;
}

function Part({ policy, etag, search }: PartProps) {
  switch (search.view ?? 'settings') {
    case 'settings':
      return <PolicyFacts policy={policy} />;
    case 'trials':
      return (
        <div className="policy-grid">
          <div className="stack">
            <Shadow policy={policy} />
            {policy.profile === null && <Canary policy={policy} etag={etag} />}
          </div>
          <WhatIf policy={policy} search={search} />
        </div>
      );
    case 'adaptation':
      return <Adaptation policy={policy} />;
    case 'revisions':
      return policy.profile === null ? (
        <Revisions name={policy.name} search={search} />
      ) : (
        <p className="quiet">A ready profile never changes.</p>
      );
  }
}

function PolicyFacts({ policy }: { readonly policy: PolicyDetails }) {
  const lint = useQuery(lintQuery(policy.settings));
  return (
    <div className="policy-grid">
      <section className="card" aria-label="Settings">
        <h2>Settings</h2>
        {policy.profile && (
          <p className="small quiet">From {policy.profile.source}. A ready profile never changes.</p>
        )}
        <dl className="facts">
          {Object.entries(policy.settings)
            .filter(([setting, value]) => isSaid(setting, value))
            .map(([setting, value]) => (
              <div key={setting} className="fact">
                <dt>{settingWords(setting)}</dt>
                <dd>{valueWords(value, setting)}</dd>
              </div>
            ))}
        </dl>
      </section>
      <div className="stack">
        {policy.warnings.map(({ code, setting, message, severity }) => (
          <p key={code} className={`notice ${severity === 'warning' ? 'bad' : ''}`}>
            <span className="strong">{settingWords(setting)}</span> {sentenceWords(message)}
          </p>
        ))}
        <Attachments policy={policy} />
        {lint.data && (
          <div className="card">
            <DocumentsMet of={lint.data.compliance} />
          </div>
        )}
      </div>
    </div>
  );
}
