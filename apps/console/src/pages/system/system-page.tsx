import './system.css';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useReadAt } from '../../admin-api/server-time.js';
import { ReadAgain } from '../../elements/list-parts.js';
import { Failed } from '../../elements/states.js';
import { Doctor } from './doctor.js';
import { Keys } from './keys.js';
import { Nodes } from './nodes.js';
import { Receivers } from './receivers.js';
import { readyQuery } from './system-queries.js';

/** The installation itself: whether it can serve, who follows its ends, who is told of events, and its keys. */
export function SystemPage() {
  const ready = useQuery(readyQuery);
  const queries = useQueryClient();
  return (
    <div>
      <div className="heading">
        <h1>System</h1>
        <div className="actions">
          <ReadAgain
            readAt={useReadAt(ready.dataUpdatedAt)}
            onRefresh={() => void queries.resetQueries({ queryKey: ['system'] })}
          />
        </div>
      </div>
      <div className="stack">
        <section className="card" aria-label="Readiness">
          <h2>Readiness</h2>
          {ready.isError && <Failed error={ready.error} onRetry={() => ready.refetch()} />}
          {ready.isPending && <p className="quiet">Asking the admin API …</p>}
          {ready.data && (
            <p>
              <span className="badge good">ready</span> The database answers, lost nothing, and commits go
              through.
            </p>
          )}
        </section>
        <Doctor />
        <Nodes />
        <Receivers />
        <Keys />
      </div>
    </div>
  );
}
