import './policies.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { ActButton } from '../../elements/act-button.js';
import { Icon } from '../../elements/icon.js';
import { Failed, Loading } from '../../elements/states.js';
import { useEscape } from '../../shell/keyboard.js';
import { Attachments } from './attachments.js';
import { PolicyEditor } from './policy-editor.js';
import { type PolicyDetails, policyQuery } from './policy-queries.js';
import { Revisions } from './revisions.js';
import { sentenceWords, settingWords, valueWords } from './setting-words.js';
import { WhatIf } from './what-if.js';

/** One policy: its settings, where it applies, how it came about, and what another timeout would do. */
export function PolicyPage() {
  const { name } = useParams({ from: '/shell/policies/$name' });
  const found = useQuery(policyQuery(name));
  const navigate = useNavigate();
  const [isEditing, setEditing] = useState(false);
  useEscape(() => void navigate({ to: '/policies' }));
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
          {policy?.profile && <p className="quiet">{policy.profile.purpose}</p>}
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
      {policy && !isEditing && <PolicyFacts policy={policy} />}
    </>
  );
}

function PolicyFacts({ policy }: { readonly policy: PolicyDetails }) {
  return (
    <div className="policy-grid">
      <section className="card" aria-label="Settings">
        <h2>Settings</h2>
        {policy.profile && (
          <p className="small quiet">From {policy.profile.source}. A ready profile never changes.</p>
        )}
        <dl className="facts">
          {Object.entries(policy.settings).map(([setting, value]) => (
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
        <WhatIf policy={policy} />
        {policy.profile === null && <Revisions name={policy.name} />}
      </div>
    </div>
  );
}
