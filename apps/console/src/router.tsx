import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { clientFromAddress, clientInAddress } from './admin-api/in-path.js';
import { Empty } from './elements/states.js';
import { readApiSearch, readRouteSearch } from './pages/apis/api-search.js';
import { readApplicationSearch } from './pages/applications/application-search.js';
import { readComplianceSearch } from './pages/compliance/compliance-queries.js';
import { readEventSearch, readTransmitterSearch } from './pages/events/event-search.js';
import { readInsightSearch } from './pages/insight/insight-search.js';
import { readPeopleSearch, readProviderSearch } from './pages/people/people-search.js';
import { readEffectiveSearch, readPolicySearch } from './pages/policies/policy-search.js';
import { readScenarioSearch } from './pages/scenarios/scenario-search.js';
import { readSessionSearch } from './pages/sessions/session-search.js';
import { SignedIn } from './pages/signed-in/signed-in.js';
import { Shell } from './shell/shell.js';

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => (
    <Empty title="There is no such page.">
      <p>
        <a href="/console/">To the first page</a>
      </p>
    </Empty>
  ),
});

const signedIn = createRoute({ getParentRoute: () => root, path: '/signed-in', component: SignedIn });

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const first = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/now' });
  },
});

const now = createRoute({
  getParentRoute: () => shell,
  path: '/now',
  component: lazyRouteComponent(() => import('./pages/now/now-page.js'), 'NowPage'),
});

const sessions = createRoute({
  getParentRoute: () => shell,
  path: '/sessions',
  validateSearch: readSessionSearch,
  component: lazyRouteComponent(() => import('./pages/sessions/sessions-page.js'), 'SessionsPage'),
});

const session = createRoute({
  getParentRoute: () => sessions,
  path: '$id',
  component: lazyRouteComponent(() => import('./pages/sessions/session-detail.js'), 'SessionDetail'),
});

const policies = createRoute({
  getParentRoute: () => shell,
  path: '/policies',
  validateSearch: readEffectiveSearch,
  component: lazyRouteComponent(() => import('./pages/policies/policies-page.js'), 'PoliciesPage'),
});

const policy = createRoute({
  getParentRoute: () => shell,
  path: '/policies/$name',
  validateSearch: readPolicySearch,
  component: lazyRouteComponent(() => import('./pages/policies/policy-page.js'), 'PolicyPage'),
});

const insight = createRoute({
  getParentRoute: () => shell,
  path: '/insight',
  validateSearch: readInsightSearch,
  component: lazyRouteComponent(() => import('./pages/insight/insight-page.js'), 'InsightPage'),
});

const people = createRoute({
  getParentRoute: () => shell,
  path: '/people',
  validateSearch: readPeopleSearch,
  component: lazyRouteComponent(() => import('./pages/people/people-page.js'), 'PeoplePage'),
});

const person = createRoute({
  getParentRoute: () => shell,
  path: '/people/$id',
  validateSearch: readPeopleSearch,
  component: lazyRouteComponent(() => import('./pages/people/person-page.js'), 'PersonPage'),
});

const providers = createRoute({
  getParentRoute: () => shell,
  path: '/people/identity-providers',
  validateSearch: readProviderSearch,
  component: lazyRouteComponent(() => import('./pages/people/providers-page.js'), 'ProvidersPage'),
});

const events = createRoute({
  getParentRoute: () => shell,
  path: '/events',
  validateSearch: readEventSearch,
  component: lazyRouteComponent(() => import('./pages/events/events-page.js'), 'EventsPage'),
});

const transmitters = createRoute({
  getParentRoute: () => shell,
  path: '/events/transmitters',
  validateSearch: readTransmitterSearch,
  component: lazyRouteComponent(() => import('./pages/events/transmitters-page.js'), 'TransmittersPage'),
});

const compliance = createRoute({
  getParentRoute: () => shell,
  path: '/compliance',
  validateSearch: readComplianceSearch,
  component: lazyRouteComponent(() => import('./pages/compliance/compliance-page.js'), 'CompliancePage'),
});

const scenarios = createRoute({
  getParentRoute: () => shell,
  path: '/scenarios',
  validateSearch: readScenarioSearch,
  component: lazyRouteComponent(() => import('./pages/scenarios/scenarios-page.js'), 'ScenariosPage'),
});

const system = createRoute({
  getParentRoute: () => shell,
  path: '/system',
  component: lazyRouteComponent(() => import('./pages/system/system-page.js'), 'SystemPage'),
});

const applications = createRoute({
  getParentRoute: () => shell,
  path: '/applications',
  validateSearch: readApplicationSearch,
  component: lazyRouteComponent(
    () => import('./pages/applications/applications-page.js'),
    'ApplicationsPage',
  ),
});

const application = createRoute({
  getParentRoute: () => shell,
  path: '/applications/$id',
  params: {
    parse: ({ id }) => ({ id: clientFromAddress(id) }),
    stringify: ({ id }) => ({ id: clientInAddress(id) }),
  },
  validateSearch: readApplicationSearch,
  component: lazyRouteComponent(() => import('./pages/applications/application-page.js'), 'ApplicationPage'),
});

const apis = createRoute({
  getParentRoute: () => shell,
  path: '/apis',
  validateSearch: readApiSearch,
  component: lazyRouteComponent(() => import('./pages/apis/apis-page.js'), 'ApisPage'),
});

const routes = createRoute({
  getParentRoute: () => shell,
  path: '/apis/routes',
  validateSearch: readRouteSearch,
  component: lazyRouteComponent(() => import('./pages/apis/routes-page.js'), 'RoutesPage'),
});

const route = createRoute({
  getParentRoute: () => shell,
  path: '/apis/routes/$name',
  validateSearch: readRouteSearch,
  component: lazyRouteComponent(() => import('./pages/apis/route-page.js'), 'RoutePage'),
});

const newRoute = createRoute({
  getParentRoute: () => shell,
  path: '/apis/new-route',
  validateSearch: readRouteSearch,
  component: lazyRouteComponent(() => import('./pages/apis/route-page.js'), 'NewRoutePage'),
});

/** The pages of the console by their addresses; each page is a part of its own that is loaded when it is first opened. */
export const router = createRouter({
  routeTree: root.addChildren([
    signedIn,
    shell.addChildren([
      first,
      now,
      sessions.addChildren([session]),
      people,
      person,
      providers,
      applications,
      application,
      apis,
      routes,
      route,
      newRoute,
      policies,
      policy,
      insight,
      events,
      transmitters,
      scenarios,
      compliance,
      system,
    ]),
  ]),
  basepath: '/console',
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
