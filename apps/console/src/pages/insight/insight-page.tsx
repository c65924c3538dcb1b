import './insight.css';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { TooLittleEvidence } from '../../elements/evidence.js';
import { Failed, Loading } from '../../elements/states.js';
import { AfterTimeout } from './after-timeout.js';
import { EvidenceOf } from './evidence-of.js';
import { Changes, Exposure } from './exposure.js';
import { FalseTheft } from './false-theft.js';
import { exposureQuery, reuseEndsQuery, timeoutsQuery } from './insight-queries.js';
import { InsightQuestion } from './insight-question.js';
import { LowValue } from './low-value.js';
import { SilencesCurve } from './silences-curve.js';

const route = getRouteApi('/shell/insight');

/** The cost of timeouts to people and the exposure that they save, from counts. */
export function InsightPage() {
  const search = route.useSearch();
  const timeouts = useQuery(timeoutsQuery(search));
  const exposure = useQuery(exposureQuery(search));
  const reuseEnds = useQuery(reuseEndsQuery(search));
  const found = timeouts.data?.found;
  return (
    <div>
      <div className="heading">
        <h1>Insight</h1>
      </div>
      <InsightQuestion search={search} error={timeouts.error} />
      {timeouts.isPending && <Loading label="Reading counts" />}
      {timeouts.isError && <Failed error={timeouts.error} onRetry={() => timeouts.refetch()} />}
      <div className="stack insight">
        {timeouts.data && timeouts.data.missing.length > 0 && (
          <TooLittleEvidence missing={timeouts.data.missing} />
        )}
        {found && timeouts.data && (
          <>
            <SilencesCurve found={found} evidence={timeouts.data.evidence} />
            <AfterTimeout found={found} />
            <LowValue lowValue={found.low_value} />
          </>
        )}
        {exposure.isError && !timeouts.isError && (
          <Failed error={exposure.error} onRetry={() => exposure.refetch()} />
        )}
        {exposure.data?.found && <Exposure found={exposure.data.found} policy={search.policy} />}
        {exposure.data?.found && search.policy && (
          <Changes changes={exposure.data.found.changes} policy={search.policy} />
        )}
        {reuseEnds.isError && !timeouts.isError && (
          <Failed error={reuseEnds.error} onRetry={() => reuseEnds.refetch()} />
        )}
        {reuseEnds.data && <FalseTheft ends={reuseEnds.data} />}
        {timeouts.data && <EvidenceOf evidence={timeouts.data.evidence} />}
      </div>
    </div>
  );
}
