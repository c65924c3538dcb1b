import { useQuery } from '@tanstack/react-query';
import { useMay } from '../../admin-api/caller.js';
import { Facts } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { retriesQuery, reuseEndsQuery } from './application-queries.js';

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

/** How refreshes of an application go: retries, ends by a reused token, siblings served, and how many of those hit the person themselves. */
export function ApplicationHealth({ id }: { readonly id: string }) {
  const [mayReadEvents, mayReadInsight] = [useMay('events:read'), useMay('policies:read')];
  const retries = useQuery({ ...retriesQuery(id), enabled: mayReadEvents });
  const ends = useQuery({ ...reuseEndsQuery(id), enabled: mayReadInsight });
  return (
    <section className="card stack" aria-label="Refreshes">
      <h2>Retries and false theft</h2>
      {(retries.isLoading || ends.isLoading) && <Loading rows={2} label="Counting" />}
      {retries.isError && <Failed error={retries.error} onRetry={() => retries.refetch()} />}
      {ends.isError && <Failed error={ends.error} onRetry={() => ends.refetch()} />}
      <Facts
        of={[
          ['Retries', retries.data && <Retries of={retries.data} />],
          [
            'Ends by a reused token',
            ends.data && (
              <>
                {ends.data.ends.toLocaleString()} <span className="small quiet">in four weeks</span>
              </>
            ),
          ],
          [
            'Siblings served',
            ends.data && ends.data.siblings_served > 0 && (
              <>
                {ends.data.siblings_served.toLocaleString()}{' '}
                <span className="small quiet">
                  in {ends.data.sessions_with_siblings.toLocaleString()}{' '}
                  {ends.data.sessions_with_siblings === 1 ? 'session' : 'sessions'} that would have ended
                </span>
              </>
            ),
          ],
          ['False theft', ends.data && ends.data.ends > 0 && <FalseTheft of={ends.data} />],
        ]}
      />
      <p className="small quiet">
        Many retries mean that answers get lost, or that several processes share one refresh token. A longer
        retry window of the policy forgives the first; a policy that serves siblings forgives the second.
      </p>
      {!(mayReadEvents && mayReadInsight) && (
        <p className="quiet">
          You need the scopes <code>events:read</code> and <code>policies:read</code> to see all of it.
        </p>
      )}
    </section>
  );
}

interface RetriesProps {
  readonly of: { readonly retries: number; readonly since: string | undefined; readonly isComplete: boolean };
}

function Retries({ of: { retries, since, isComplete } }: RetriesProps) {
  return (
    <>
      {!isComplete && 'more than '}
      {retries.toLocaleString()}
      {since && (
        <span className="small quiet">
          {' '}
          since <Time at={since} />
        </span>
      )}
    </>
  );
}

interface FalseTheftProps {
  readonly of: {
    readonly share: { readonly value: number; readonly low: number; readonly high: number };
    readonly came_back_as_themselves: number;
  };
}

function FalseTheft({ of: { share, came_back_as_themselves: cameBack } }: FalseTheftProps) {
  return (
    <>
      {percent(share.value)}{' '}
      <span className="small quiet">
        ({percent(share.low)} to {percent(share.high)}): {cameBack.toLocaleString()} signed in again from the
        same place
      </span>
    </>
  );
}
