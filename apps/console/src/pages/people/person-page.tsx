import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { accountQuery } from '../../admin-api/names.js';
import { exactWords } from '../../elements/durations.js';
import { Facts, focusRow, RecordHeading } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { useEscape } from '../../shell/keyboard.js';
import { PersonActs } from './person-acts.js';
import { PersonBadges } from './person-badges.js';
import { PersonConsents } from './person-consents.js';
import { PersonFactors } from './person-factors.js';
import { PersonGroups } from './person-groups.js';
import { PersonIdentities } from './person-identities.js';
import { PersonOperator } from './person-operator.js';
import { PersonBrowsers, PersonSessions } from './person-sessions.js';

/** One person: their account, their sign-ins, and the acts of an operator on them. */
export function PersonPage() {
  const { id } = useParams({ from: '/shell/people/$id' });
  const search = useSearch({ from: '/shell/people/$id' });
  const navigate = useNavigate();
  const found = useQuery(accountQuery(id));
  useEscape(() => void navigate({ to: '/people', search }).then(() => focusRow(id)));
  const person = found.data;
  return (
    <>
      <RecordHeading
        back={{ to: '/people', search }}
        list="People"
        title={person?.username ?? 'Person'}
        id={id}
        badges={person && <PersonBadges person={person} />}
      >
        {person && !found.isError && <PersonActs person={person} />}
      </RecordHeading>
      {found.isPending && <Loading label="Reading the person" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {person && !found.isError && (
        <div className="record">
          <div className="stack">
            <section className="card" aria-label="Account">
              <h2>Account</h2>
              <Facts
                of={[
                  ['Name', person.display_name],
                  [
                    'Mail',
                    person.email &&
                      `${person.email} (${person.email_verified ? 'confirmed' : 'not confirmed'})`,
                  ],
                  ['Created', <Time key="at" at={person.created_at} />],
                  ['Password changed', <Time key="at" at={person.password_changed_at} />],
                  ['Disabled', person.disabled_at && exactWords(person.disabled_at)],
                ]}
              />
            </section>
            <PersonSessions id={id} />
            <PersonBrowsers id={id} />
            <PersonConsents id={id} />
          </div>
          <div className="stack">
            <PersonFactors id={id} />
            <PersonIdentities person={person} />
            <PersonGroups person={person} />
            <PersonOperator person={person} />
          </div>
        </div>
      )}
    </>
  );
}
