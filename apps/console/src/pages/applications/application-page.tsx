import './applications.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ActButton } from '../../elements/act-button.js';
import { focusRow, RecordHeading } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { useEscape } from '../../shell/keyboard.js';
import { ApplicationActs } from './application-acts.js';
import { ApplicationFacts } from './application-facts.js';
import { ApplicationHealth } from './application-health.js';
import { ApplicationLook } from './application-look.js';
import { ApplicationPolicy } from './application-policy.js';
import { type ApplicationDetails, applicationQuery } from './application-queries.js';
import { ApplicationSecrets } from './application-secrets.js';
import { ApplicationBadges } from './applications-page.js';
import { ChangeApplication } from './change-application.js';

/** One application: its registration, its secrets, the policy of its sessions, and how its refreshes go. */
export function ApplicationPage() {
  const { id } = useParams({ from: '/shell/applications/$id' });
  const search = useSearch({ from: '/shell/applications/$id' });
  const navigate = useNavigate();
  const found = useQuery(applicationQuery(id));
  const [isChanging, setChanging] = useState(false);
  useEscape(() => {
    if (!isChanging) void navigate({ to: '/applications', search }).then(() => focusRow(id));
  });
  const application = found.isError ? undefined : found.data?.body;
  return (
    <>
      <RecordHeading
        back={{ to: '/applications', search }}
        list="Applications"
        title={application?.client_name ?? 'Application'}
        id={id}
        badges={application && <ApplicationBadges application={application} />}
      >
        {application && <ApplicationActs application={{ ...application, etag: found.data?.etag ?? '' }} />}
      </RecordHeading>
      {found.isPending && <Loading label="Reading the application" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {application && (
        <div className="record">
          <div className="stack">
            {isChanging ? (
              <ChangeApplication
                application={application}
                etag={found.data?.etag ?? ''}
                onDone={() => setChanging(false)}
              />
            ) : (
              <section className="card stack" aria-label="Registration">
                <h2>Registration</h2>
                <ApplicationFacts application={application} />
                <ActButton scope="clients:write" onAct={() => setChanging(true)}>
                  Change it
                </ActButton>
              </section>
            )}
            <ApplicationSecrets application={application} />
            <ApplicationLook application={application} etag={found.data?.etag ?? ''} />
          </div>
          <Surroundings of={application} />
        </div>
      )}
    </>
  );
}

/** Its warnings, its policy and its refreshes, beside the registration. */
function Surroundings({ of: application }: { readonly of: ApplicationDetails }) {
  const { client_id: id } = application;
  return (
    <div className="stack">
      {application.warnings.map(({ code, member, message, severity }) => (
        <p key={code} className={`notice ${severity === 'warning' ? 'bad' : ''}`}>
          <code>{member}</code> {message}
        </p>
      ))}
      <ApplicationPolicy application={application} />
      {application.grant_types.includes('refresh_token') && <ApplicationHealth id={id} />}
      <Link to="/sessions" search={{ client: id, state: 'live' }} className="button plain compact">
        Live sessions of this application
      </Link>
    </div>
  );
}
