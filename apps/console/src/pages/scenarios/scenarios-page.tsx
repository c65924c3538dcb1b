import './scenarios.css';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { useRowKeys } from '../../shell/keyboard.js';
import { PlayView } from './play-view.js';
import { outcomeLook } from './play-words.js';
import { type Scenario, type Scenarios, scenariosQuery } from './scenario-queries.js';
import { ScenarioView } from './scenario-view.js';

const route = getRouteApi('/shell/scenarios');

/** Scenarios to play on this installation, and one of them as it is played. */
export function ScenariosPage() {
  const { scenario: name, play } = route.useSearch();
  const scenarios = useQuery(scenariosQuery);
  const page = useRef<HTMLDivElement>(null);
  useRowKeys(page);
  const opened = scenarios.data?.items.find((one) => one.name === name) ?? scenarios.data?.items[0];
  return (
    <div ref={page}>
      <div className="heading">
        <h1>Scenarios</h1>
      </div>
      <p className="quiet">
        A scenario signs a person in, does things to their session, and says when it ends. It is played on
        this installation, with an account and clients of its own that are removed afterwards.
      </p>
      {scenarios.isPending && <Loading label="Reading scenarios" />}
      {scenarios.isError && <Failed error={scenarios.error} onRetry={() => scenarios.refetch()} />}
      {scenarios.data && opened && (
        <div className="scenarios">
          <ScenarioList items={scenarios.data.items} opened={opened} />
          <div className="stack">
            {play === undefined ? (
              <ScenarioView key={opened.name} scenario={opened} of={scenarios.data} />
            ) : (
              <PlayView key={play} id={play} scenario={opened} />
            )}
            <LatestPlays plays={scenarios.data.plays} />
          </div>
        </div>
      )}
    </div>
  );
}

function ScenarioList({ items, opened }: { readonly items: readonly Scenario[]; readonly opened: Scenario }) {
  return (
    <nav className="card" aria-label="Scenarios">
      <ul>
        {items.map(({ name, title }) => (
          <li key={name}>
            <Link
              from="/scenarios"
              to="/scenarios"
              search={{ scenario: name }}
              data-row={name}
              aria-current={name === opened.name ? 'true' : undefined}
            >
              <span className="strong">{name.replaceAll('-', ' ')}</span>
              <span className="small quiet">{title}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function LatestPlays({ plays }: { readonly plays: Scenarios['plays'] }) {
  return (
    <section className="card" aria-label="Played before">
      <h2>Played before</h2>
      {plays.length === 0 && <p className="quiet">Nothing was played yet.</p>}
      <ul className="plays">
        {plays.map(({ id, scenario, state, started_at: at }) => (
          <li key={id}>
            <Link from="/scenarios" to="/scenarios" search={{ scenario, play: id }}>
              {scenario.replaceAll('-', ' ')}
            </Link>
            <span className="quiet small">
              <Time at={at} />
            </span>
            <span className={`badge ${outcomeLook(state)}`}>{state}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
