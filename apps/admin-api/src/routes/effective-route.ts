import {
  type AskedFault,
  type AskedRequest,
  askedFaultWords,
  contradict,
  isAmbiguousFor,
  type Matching,
  MatchTable,
  matchOf,
  ProblemError,
  readAsked,
} from '@curfew/web';
import type { z } from 'zod';
import type { GatewayRoute } from './gateway-routes.store.js';
import type { effectiveRouteSchema } from './route-contracts.js';

/** A kept route, ready to be compared with a request. */
interface TriedRoute extends Matching {
  readonly kept: GatewayRoute;
}

/** A request to try: its method and the address it is sent to. */
export interface TriedRequest {
  readonly method: string;
  readonly url: string;
}

/** Tries a request against kept routes in their order, by the code that gateways decide with. @throws ProblemError for what is no request */
export function effectiveRoute(
  request: TriedRequest,
  routes: readonly GatewayRoute[],
  ownPort: number,
): Omit<z.output<typeof effectiveRouteSchema>, 'truncated'> {
  const asked = readTried(request);
  const table = new MatchTable(routes.map(triedRoute), ownPort);
  const { method, scheme, host, path, reading } = asked;
  return {
    outcome: outcomeOf(table.met(asked), asked),
    request: { method, scheme, host, path, readings: [...reading.meanings], traits: [...reading.traits] },
    routes: table.explain(asked).map(({ route: { kept }, verdict, misfits }) => ({
      name: kept.name,
      position: kept.position,
      resource: kept.resource,
      verdict,
      misfits: [...misfits],
    })),
  };
}

const triedRoute = (kept: GatewayRoute): TriedRoute => ({
  kept,
  match: matchOf(kept.settings),
  upstream: kept.settings.upstream === undefined ? undefined : new URL(kept.settings.upstream),
  allow: kept.settings.allow,
  api: kept.settings.public ? null : kept.resource,
  browser: kept.settings.browser,
});

function outcomeOf(met: readonly TriedRoute[], asked: AskedRequest) {
  if (met.length === 0) return 'no_route';
  if (met.some((one) => isAmbiguousFor(asked, one))) return 'path_ambiguous';
  return met.some((one) => met.some((other) => contradict(one, other))) ? 'contradiction' : 'route';
}

function readTried({ method, url }: TriedRequest): AskedRequest {
  const [, scheme = '', host = '', target = ''] = /^([a-z]+):\/\/([^/?#]+)(.*)$/is.exec(url) ?? [];
  const asked = readAsked({ method, scheme, host, target: target.startsWith('/') ? target : `/${target}` });
  if (typeof asked === 'string') throw unreadable(asked);
  return asked;
}

const unreadable = (fault: AskedFault): ProblemError =>
  new ProblemError({
    status: 400,
    code: 'invalid_request',
    detail: 'A gateway refuses this request, whatever its routes are.',
    faults: [{ at: 'query/url', detail: `is refused by every gateway: ${askedFaultWords[fault]}` }],
  });
