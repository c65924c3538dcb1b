import { together } from '@curfew/resource-server';
import { contradict } from '@curfew/web';
import type { Route } from './route.js';

/** One route with the requirements of all of these. If no request could meet them all, it rejects every request. */
export const strictest = (routes: readonly Route[]): Route => routes.reduce(both);

function both(a: Route, b: Route): Route {
  const required = together(a.required, b.required);
  const isImpossible = a.closed || b.closed || contradict(a, b) || required === undefined;
  return {
    name: a.name,
    match: b.match,
    api: a.api ?? b.api,
    required: required ?? {},
    upstream: b.upstream,
    passToken: a.passToken && b.passToken,
    browser: a.browser ?? b.browser,
    allow: a.allow?.filter((trait) => b.allow?.includes(trait)),
    cors: a.cors?.filter((origin) => b.cors?.includes(origin)),
    ...(isImpossible ? { closed: true } : {}),
  };
}
