import { type AskedRequest, MatchTable } from '@curfew/web';
import type { Route } from './route.js';
import { strictest } from './strictest.js';

/** The routes of a gateway, with what each of them requires. */
export class RouteTable extends MatchTable<Route> {
  /** Whether any route sends requests to this host to an upstream; a default port may be stated or not. */
  passesOn(host: string): boolean {
    const bare = host.replace(/:(80|443)$/, '').replace(/\.(?=:|$)/, '');
    return this.routes.some(
      (route) =>
        route.upstream !== undefined && (route.match.hosts.includes(host) || this.isNamedBy(route, bare)),
    );
  }

  /** Whether a route of this API is for this host. */
  leadsTo(api: string, host: string): boolean {
    return this.routes.some((route) => route.api === api && this.isNamedBy(route, host));
  }

  /** The name of the client by which people are signed in at this host, whatever the path. */
  browserAt(host: string): string | undefined {
    return this.routes.find((route) => route.browser !== undefined && this.isNamedBy(route, host))?.browser;
  }

  /** The requirements of a request: its route, together with those that another reading of its path leads to; undefined rejects it. */
  find(asked: AskedRequest): Route | undefined {
    const met = this.met(asked);
    return met.length > 1 ? strictest(met) : met[0];
  }
}
