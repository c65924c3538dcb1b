import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { type Problem, problemIn } from '../../admin-api/problem.js';
import { ActButton } from '../../elements/act-button.js';
import type { CsvColumn } from '../../elements/csv.js';
import { ListHeading, PagedList } from '../../elements/paged-list.js';
import { ApiField } from '../../elements/subject-fields.js';
import { ApiName } from '../../elements/subject-names.js';
import { type EffectiveRoute, effectiveRouteQuery, type GatewayRoute, routesQuery } from './api-queries.js';
import type { RouteSearch } from './api-search.js';
import { ApiTabs } from './api-tabs.js';
import { requirementWords } from './route-members.js';
import { RouteTrial, VerdictBadge } from './route-trial.js';

const page = getRouteApi('/shell/apis/routes');

const columns: readonly CsvColumn<GatewayRoute>[] = [
  { heading: 'position', text: ({ position }) => position },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'resource', text: ({ resource }) => resource },
  { heading: 'hosts', text: ({ hosts }) => hosts.join(' ') },
  { heading: 'schemes', text: ({ schemes }) => schemes.join(' ') },
  { heading: 'path', text: ({ path }) => path },
  { heading: 'methods', text: ({ methods }) => methods.join(' ') },
  { heading: 'requires', text: requirementWords },
  { heading: 'upstream', text: ({ upstream }) => upstream ?? null },
];

/** The routes of gateways in the order they are tried, and a request to try them with. */
export function RoutesPage() {
  const search = page.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const found = useInfiniteQuery(routesQuery(search));
  const tried = useQuery(effectiveRouteQuery(search));
  const routes = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const refresh = () => void queries.resetQueries({ queryKey: ['routes'] });
  const change = (more: Partial<Record<keyof RouteSearch, string | undefined>>) => {
    const next = Object.fromEntries(Object.entries({ ...search, ...more }).filter(([, value]) => value));
    void navigate({ to: '/apis/routes', search: next, replace: true });
  };
  const verdictOf = (name: string) => tried.data?.routes.find((one) => one.name === name);
  return (
    <>
      <ListHeading
        title="Gateway routes"
        rows={routes}
        columns={columns}
        updated={found.dataUpdatedAt}
        onRefresh={refresh}
      >
        <ActButton
          scope="policies:write"
          look="main"
          onAct={() => void navigate({ to: '/apis/new-route', search })}
        >
          New route
        </ActButton>
      </ListHeading>
      <ApiTabs />
      <RouteTrial search={search} tried={tried} onTry={change} />
      <RouteFilter
        search={search}
        problem={problemIn(found.error)}
        onChange={(resource) => change({ resource })}
      />
      <PagedList
        label="Gateway routes"
        found={found as ReturnType<typeof useInfiniteQuery>}
        rows={routes}
        heads={['Route', 'Requests', 'Requires', tried.data ? 'The request' : 'Order']}
        keyOf={({ name }) => name}
        empty="No route is kept here. Gateways go by the routes of their own files."
        onRetry={refresh}
      >
        {(route) => <RouteRow route={route} search={search} verdict={verdictOf(route.name)} />}
      </PagedList>
    </>
  );
}

interface RouteFilterProps {
  readonly search: RouteSearch;
  readonly problem: Problem | undefined;
  readonly onChange: (resource: string | undefined) => void;
}

function RouteFilter({ search, problem, onChange }: RouteFilterProps) {
  return (
    <search className="conditions" aria-label="Conditions">
      <ApiField api={search.resource} problem={problem?.faultOf('resource')} onChange={onChange} />
    </search>
  );
}

interface RouteRowProps {
  readonly route: GatewayRoute;
  readonly search: RouteSearch;
  readonly verdict: EffectiveRoute['routes'][number] | undefined;
}

function RouteRow({ route, search, verdict }: RouteRowProps) {
  const { name, methods, hosts, path } = route;
  return (
    <Link to="/apis/routes/$name" params={{ name }} search={search} className="entry" data-row={name}>
      <span>
        <span className="strong">{name}</span>
        <span className="small">
          <ApiName audience={route.resource} />
        </span>
      </span>
      <span>
        <span className="mono">
          {methods.length > 0 ? `${methods.join(', ')} ` : ''}
          {path}
        </span>
        <span className="small quiet mono">{hosts.join(', ')}</span>
      </span>
      <span className="small">{requirementWords(route)}</span>
      <span>{verdict ? <VerdictBadge of={verdict} /> : route.position}</span>
    </Link>
  );
}
