import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { durationWords } from '../../elements/durations.js';
import { Icon } from '../../elements/icon.js';
import { Failed } from '../../elements/states.js';
import type { Scenario, Scenarios } from './scenario-queries.js';

interface ScenarioViewProps {
  readonly scenario: Scenario;
  readonly of: Scenarios;
}

/** A scenario before it is played: its promise, its steps, and its effects on the installation. */
export function ScenarioView({ scenario, of }: ScenarioViewProps) {
  return (
    <section className="card stack" aria-label={scenario.title}>
      <h2>{scenario.title}</h2>
      {scenario.about && <p>{scenario.about}</p>}
      <Effects scenario={scenario} />
      <PlayButton scenario={scenario} of={of} />
      <ol className="steps">
        {scenario.steps.map(({ words, because }, index) => (
          <li key={index}>
            {words}
            {because && <p className="small quiet">{because}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Effects({ scenario }: { readonly scenario: Scenario }) {
  const { moves_clock_seconds: moves, blocks_database: blocks, policy } = scenario;
  const settings = Object.entries(policy);
  return (
    <>
      {settings.length > 0 && (
        <p className="small quiet">
          Its application is under:{' '}
          {settings.map(([name, value]) => (
            <code key={name}>
              {name} {String(value)}{' '}
            </code>
          ))}
        </p>
      )}
      {moves > 0 && (
        <p className="notice">
          It moves the clock of this installation by <span className="strong">{durationWords(moves)}</span>,
          and a clock never goes back. Every session here gets older by that, yours too: this page keeps yours
          awake while it watches.
        </p>
      )}
      {blocks && (
        <p className="notice">
          It blocks the table of sessions for a moment. Nobody is served meanwhile, and this page waits, too.
        </p>
      )}
    </>
  );
}

function PlayButton({ scenario, of }: ScenarioViewProps) {
  const navigate = useNavigate({ from: '/scenarios' });
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.POST('/v1/scenarios/{name}/plays', {
          params: { path: { name: scenario.name }, header: { 'Idempotency-Key': crypto.randomUUID() } },
        }),
      ),
    onSuccess: (play) => {
      void queries.invalidateQueries({ queryKey: ['scenarios'] });
      void navigate({ search: { scenario: scenario.name, play: play.id } });
    },
  });
  const off = whyOff(scenario, of);
  if (off) return <p className="notice">{off}</p>;
  return (
    <>
      {start.isError && <Failed error={start.error} />}
      <p>
        <ActButton scope="sessions:end" look="main" busy={start.isPending} onAct={() => start.mutate()}>
          <Icon name="play" />
          {start.isPending ? 'One moment …' : 'Play'}
        </ActButton>
      </p>
    </>
  );
}

function whyOff({ moves_clock_seconds: moves, blocks_database: blocks }: Scenario, of: Scenarios) {
  if (!of.playable)
    return 'This installation lets nobody play scenarios from here: CURFEW_SCENARIOS is not true.';
  return (moves > 0 || blocks) && !of.clock_movable
    ? 'This scenario moves the clock or blocks the database, and this installation does not let it: CURFEW_VIRTUAL_CLOCK is not true.'
    : undefined;
}
