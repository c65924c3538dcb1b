import { routes } from '../routes.js';
import type { AssertionAudiences } from './assertion-claims.js';

/** The URLs at which this service takes client assertions. */
export function assertionAudiences({
  issuer,
  basePath,
}: {
  readonly issuer: string;
  readonly basePath: string;
}): AssertionAudiences {
  const at = (route: string) => new URL(`${basePath}${route}`, issuer).href;
  return {
    issuer,
    tokenEndpoint: at(routes.token),
    pushedRequestEndpoint: at(routes.pushed_authorization_request),
  };
}
