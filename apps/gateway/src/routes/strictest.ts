import { together } from '@curfew/resource-server';
import type { Route } from './route.js';

/** One route that asks for everything these ask for. Where no request could meet them all, nobody passes. */
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

/** Two different ones; where one route has none, that of the other holds. */
const differ = (a: string | null | undefined, b: string | null | undefined): boolean =>
  typeof a === 'string' && typeof b === 'string' && a !== b;
