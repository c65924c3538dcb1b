import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ActButton } from '../../elements/act-button.js';
import { durationWords } from '../../elements/durations.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { reasonWords } from '../../elements/words.js';
import { AdaptationForm } from './adaptation-form.js';
import { AdaptationHistory } from './adaptation-history.js';
import { type Adaptation as Adapting, adaptationQuery } from './adaptation-queries.js';
import type { Policy } from './policy-queries.js';
import { Proposals } from './proposals.js';
import { Releases } from './releases.js';
import { StopAdaptation } from './stop-adaptation.js';

/** How a policy changes its own inactivity timeout within limits: those limits, its proposals, and its steps. */
export function Adaptation({ policy }: { readonly policy: Policy }) {
  const found = useQuery(adaptationQuery(policy.name));
  if (policy.profile !== null)
    return (
      <section className="card" aria-label="Adaptation">
        <p className="quiet">
          A ready profile never changes, so it does not adapt. Base a policy of your own on it.
        </p>
      </section>
    );
  if (found.isPending) return <Loading label="Reading how the policy adapts" />;
  if (found.isError) return <Failed error={found.error} onRetry={() => found.refetch()} />;
  return (
    <div className="policy-grid">
      <div className="stack">
        <Present policy={policy.name} adaptation={found.data} />
        <AdaptationForm policy={policy.name} adaptation={found.data} />
      </div>
      <div className="stack">
        <Proposals policy={policy.name} />
        <AdaptationHistory policy={policy.name} />
        <Releases />
      </div>
    </div>
  );
}

interface PresentProps {
  readonly policy: string;
  readonly adaptation: Adapting | null;
}

function Present({ policy, adaptation }: PresentProps) {
  const [isStopping, setStopping] = useState(false);
  const isOn = adaptation !== null && adaptation.settings['mode'] !== 'off';
  return (
    <section className="card stack" aria-label="Adaptation">
      <h2>Adaptation</h2>
      {adaptation ? <State adaptation={adaptation} /> : <p className="quiet">This policy does not adapt.</p>}
      {isOn && (
        <ActButton scope="policies:write" look="ending" onAct={() => setStopping(true)}>
          Stop it …
        </ActButton>
      )}
      {isStopping && <StopAdaptation policy={policy} onClose={() => setStopping(false)} />}
    </section>
  );
}

function State({ adaptation }: { readonly adaptation: Adapting }) {
  const { settings, rollout, decision, decided_at: decidedAt, stopped_at: stoppedAt } = adaptation;
  return (
    <dl className="facts">
      <dt>Mode</dt>
      <dd>{String(settings['mode'])}</dd>
      <dt>Rollout</dt>
      <dd>
        {rollout ? (
          <>
            {durationWords(rollout.from)} to {durationWords(rollout.to)} for {rollout.share} % of the
            accounts, since <Time at={rollout.since} />
          </>
        ) : (
          'none'
        )}
      </dd>
      <dt>Last decision</dt>
      <dd>
        {decision ? (
          <>
            <span className="strong">{reasonWords(decision.kind)}</span>: {decision.reasons.join('; ')}{' '}
            {decidedAt && (
              <span className="quiet">
                <Time at={decidedAt} />
              </span>
            )}
          </>
        ) : (
          'none yet; it decides once a day'
        )}
      </dd>
      {stoppedAt && (
        <>
          <dt>Stopped</dt>
          <dd>
            <Time at={stoppedAt} />
          </dd>
        </>
      )}
    </dl>
  );
}
