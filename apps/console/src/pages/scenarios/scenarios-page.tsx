import './scenarios.css';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { focusRow } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { FeedList } from '../../feed/feed-list.js';
import { FeedStanding, type LiveFeed, MayNotReadEvents, useLiveFeed } from '../../feed/live-feed.js';
import { useEscape } from '../../shell/keyboard.js';
import { PlayView } from './play-view.js';
import { outcomeLook, remarkOn } from './play-words.js';
import { playQuery, type Scenario, type Scenarios, scenariosQuery } from './scenario-queries.js';
import { ScenarioView } from './scenario-view.js';

const route = getRouteApi('/shell/scenarios');

/** Scenarios to play on this installation, and one of them as it is played, beside the events of the same moments. */
export function ScenariosPage() {
  const { scenario: name, play } = route.useSearch();
  const navigate = useNavigate({ from: '/scenarios' });
  const scenarios = useQuery(scenariosQuery);
  // The feed is followed before anything is played, so that it has the first event of a play, too.
  const feed = useLiveFeed();
  const opened = scenarios.data?.items.find((one) => one.name === name) ?? scenarios.data?.items[0];
  useEscape(() => {
    if (opened && play !== undefined)
      void navigate({ search: { scenario: opened.name } }).then(() => focusRow(opened.name));
  });
  return (
    <div>
      <div className="heading">
        <h1>Scenarios</h1>
        {play !== undefined && feed.mayRead && <FeedStanding feed={feed} />}
      </div>
      <p className="quiet">
        A scenario signs a person in, does things to their session, and says when it ends. It is played on
        this installation, with an account and clients of its own that are removed afterwards.
      </p>
      {scenarios.isPending && <Loading label="Reading scenarios" />}
      {scenarios.isError && <Failed error={scenarios.error} onRetry={() => scenarios.refetch()} />}
      {scenarios.data && opened && (
        <ScenariosShown of={scenarios.data} opened={opened} play={play} feed={feed} />
      )}
    </div>
  );
}

interface ScenariosShownProps {
  readonly of: Scenarios;
  readonly opened: Scenario;
  readonly play: string | undefined;
  readonly feed: LiveFeed;
}

/** The list beside the scenario that is open; once it is played, the play beside the feed, and the list below them. */
function ScenariosShown({ of, opened, play, feed }: ScenariosShownProps) {
  const list = <ScenarioList items={of.items} opened={opened} />;
  const before = <LatestPlays plays={of.plays} />;
  if (play === undefined)
    return (
      <div className="scenarios">
        {list}
        <div className="stack">
          <ScenarioView key={opened.name} scenario={opened} of={of} />
          {before}
        </div>
      </div>
    );
  return (
    <div className="scenarios watched">
      <PlayView key={play} id={play} scenario={opened} />
      <EventsOfPlay id={play} feed={feed} />
      {list}
      {before}
    </div>
  );
}

/** The events of the installation, of which the ends of the play say how fast they were felt. */
function EventsOfPlay({ id, feed }: { readonly id: string; readonly feed: LiveFeed }) {
  const { data: play } = useQuery(playQuery(id));
  if (!feed.mayRead) return <MayNotReadEvents />;
  return (
    <FeedList view={feed.view} remarkOn={(event) => remarkOn(event, play)}>
      The events of a play that is over are in <Link to="/events">Events</Link>.
    </FeedList>
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
