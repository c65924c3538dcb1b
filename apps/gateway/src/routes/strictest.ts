import { together } from '@curfew/resource-server';
import type { Route } from './route.js';

/** One route with the requirements of all of these. If no request could meet them all, it rejects every request. */
export const strictest = (routes: readonly Route[]): Route => routes.reduce(both);

function both(a: Route, b: Route): Route {
  const required = together(a.required, b.required);
  const isImpossible =
    a.closed ||
    b.closed ||
    differ(a.api, b.api) ||
    differ(a.browser, b.browser) ||
    a.upstream?.href !== b.upstream?.href ||
    required === undefined;
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

/** Whether both routes have a value and the values differ. */
const differ = (a: string | null | undefined, b: string | null | undefined): boolean =>
  typeof a === 'string' && typeof b === 'string' && a !== b;
