import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import type { CsvColumn } from '../../elements/csv.js';
import { durationWords } from '../../elements/durations.js';
import { CsvButton } from '../../elements/list-parts.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { reasonWords } from '../../elements/words.js';
import { denialOf, outcomeLook, outcomeWords } from './play-words.js';
import { type Play, playedSessionQuery, playQuery, type Scenario, type Step } from './scenario-queries.js';

interface PlayViewProps {
  readonly id: string;
  readonly scenario: Scenario;
}

/** A play as it goes on: each step when it happens, the session that it is about, and the time to deny. */
export function PlayView({ id, scenario }: PlayViewProps) {
  const followed = useQuery(playQuery(id));
  const queries = useQueryClient();
  const play = followed.data;
  const state = play?.state;
  useEffect(() => {
    if (state && state !== 'playing') void queries.invalidateQueries({ queryKey: ['scenarios'] });
  }, [queries, state]);
  if (!play)
    return followed.isError ? (
      <Failed error={followed.error} onRetry={() => followed.refetch()} />
    ) : (
      <Loading />
    );
  const sessions = [...new Set(play.steps.flatMap(({ session_id: sid }) => sid ?? []))];
  return (
    <section className="card stack" aria-label="Play">
      <PlayHeading play={play} scenario={scenario} />
      <div role="status">
        <p className={`notice ${outcomeLook(play.state)}`}>
          {outcomeWords[play.state]} {play.detail}
        </p>
        {followed.isError && play.state === 'playing' && (
          <p className="notice">
            The admin API gives no answer at this moment
            {scenario.blocks_database ? ', because the scenario blocks the database' : ''}. This page asks
            again.
          </p>
        )}
      </div>
      <Denial steps={play.steps} />
      <PlayedSteps play={play} scenario={scenario} />
      <h3>Its sessions</h3>
      {sessions.length === 0 && <p className="quiet">Nobody has signed in yet.</p>}
      <ul className="plays">
        {sessions.map((sid) => (
          <PlayedSession key={sid} id={sid} isPlaying={play.state === 'playing'} />
        ))}
      </ul>
    </section>
  );
}

const columns: readonly CsvColumn<Step>[] = [
  { heading: 'step', text: ({ step }) => step },
  { heading: 'at_seconds', text: ({ at }) => at },
  { heading: 'took_ms', text: ({ took_ms: took }) => took },
  { heading: 'outcome', text: ({ outcome }) => outcome },
  { heading: 'told', text: ({ told }) => told },
  { heading: 'session_id', text: ({ session_id: sid }) => sid },
  { heading: 'denied_after_ms', text: ({ denied_after_ms: after }) => after },
];

function PlayHeading({ play, scenario }: { readonly play: Play; readonly scenario: Scenario }) {
  const navigate = useNavigate({ from: '/scenarios' });
  const queries = useQueryClient();
  const stop = useMutation({
    mutationFn: () =>
      bodyOf(adminApi.POST('/v1/scenario-plays/{id}/stop', { params: { path: { id: play.id } } })),
    onSuccess: (stopped) => queries.setQueryData(playQuery(play.id).queryKey, stopped),
  });
  return (
    <>
      <div className="heading">
        <h2>{scenario.title}</h2>
        <div className="actions">
          {play.state === 'playing' ? (
            <ActButton
              scope="sessions:end"
              look="ending"
              busy={stop.isPending || play.stop_asked}
              onAct={() => stop.mutate()}
            >
              {play.stop_asked ? 'Stopping …' : 'Stop'}
            </ActButton>
          ) : (
            <button
              type="button"
              className="compact"
              onClick={() => void navigate({ search: { scenario: play.scenario } })}
            >
              Play again …
            </button>
          )}
          <CsvButton file={`${play.scenario}.csv`} columns={columns} rows={play.steps} />
        </div>
      </div>
      <p className="small quiet">
        Begun <Time at={play.started_at} /> by {play.started_by.kind}
      </p>
      {stop.isError && <Failed error={stop.error} />}
    </>
  );
}

/** How fast the end was felt. */
function Denial({ steps }: { readonly steps: readonly Step[] }) {
  const denied = denialOf(steps);
  if (!denied) return null;
  return (
    <p className="denial">
      <span className="figure">{denied.afterMs} ms</span> after the act that ended the session, its access
      token was denied {denied.place}.
    </p>
  );
}

const marks = { passed: '✓', failed: '✗', left_out: '–' } as const;

function PlayedSteps({ play, scenario }: { readonly play: Play; readonly scenario: Scenario }) {
  const isPlaying = play.state === 'playing';
  return (
    <ol className="steps played">
      {scenario.steps.map(({ words, because }, index) => {
        const step = play.steps[index];
        const isNext = isPlaying && index === play.steps.length;
        return (
          <li
            key={index}
            className={step ? step.outcome : isNext ? 'next' : 'open'}
            aria-current={isNext ? 'step' : undefined}
          >
            <span className="mark" aria-hidden="true">
              {step ? marks[step.outcome] : isNext ? '…' : '·'}
            </span>
            <span>
              {words}
              {step && <span className="told"> {step.told}</span>}
              {because && <p className="small quiet">{because}</p>}
            </span>
            {step && (
              <span className="small quiet when">
                +{durationWords(step.at)} · {step.took_ms} ms
              </span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** A session of the play as the list of sessions would show it. The account is removed afterwards; the session stays in the list. */
function PlayedSession({ id, isPlaying }: { readonly id: string; readonly isPlaying: boolean }) {
  const session = useQuery(playedSessionQuery(id, isPlaying));
  const found = session.data;
  return (
    <li>
      <Link to="/sessions/$id" params={{ id }} className="mono small">
        {id}
      </Link>
      {found && (
        <span className={`badge ${found.state === 'live' ? 'good' : ''}`}>
          {found.state === 'live' ? 'live' : `ended: ${reasonWords(found.end_reason ?? '')}`}
        </span>
      )}
    </li>
  );
}
