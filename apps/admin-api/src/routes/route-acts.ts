import { EventLog } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import { ProblemError } from '@curfew/web';
import { Injectable } from '@nestjs/common';
import { type Act, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { versionConflict } from '../contract/input.js';
import { notFound } from '../contract/problems.js';
import { type GatewayRoute, GatewayRoutesStore, type WrittenRoute } from './gateway-routes.store.js';

/** Acts of operators on gateway routes. Each is checked for authority and commits with its event. */
@Injectable()
export class RouteActs {
  constructor(
    private readonly routes: GatewayRoutesStore,
    private readonly events: EventLog,
    private readonly authority: Authority,
  ) {}

  /** Adds a route. */
  create(route: WrittenRoute, act: Act, tx: Transaction): Promise<GatewayRoute> {
    return this.over(
      () => ({ kind: 'route', name: route.name }),
      route.name,
      act,
      tx,
      async () => {
        await this.holdResource(route.resource, tx);
        return (await this.routes.insert(route, act.now, tx)) ?? taken();
      },
    );
  }

  /** Replaces the version of a route that was read. */
  change(route: WrittenRoute, version: number, act: Act, tx: Transaction): Promise<GatewayRoute> {
    return this.over({ kind: 'route', name: route.name }, route.name, act, tx, async () => {
      await this.holdResource(route.resource, tx);
      const changed = await this.routes.replace(route, version, act.now, tx);
      if (!changed) throw versionConflict();
      return changed;
    });
  }

  /** Deletes the version of a route that was read. */
  remove(name: string, version: number, act: Act, tx: Transaction): Promise<void> {
    return this.over({ kind: 'route', name }, name, act, tx, async () => {
      if (!(await this.routes.remove(name, version, tx))) throw versionConflict();
    });
  }

  private over<T>(
    target: Parameters<Authority['change']>[1] & object,
    name: string,
    act: Act,
    tx: Transaction,
    work: () => Promise<T>,
  ): Promise<T> {
    return this.authority.change(act, target, tx, async () => {
      const made = await work();
      await this.events.record([adminActed(act.caller, act.operation, name, act.now)], tx);
      return made;
    });
  }

  private async holdResource(audience: string, tx: Transaction): Promise<void> {
    if (!(await this.routes.holdResource(audience, tx)))
      throw notFound('unknown_resource', 'There is no API with this audience.');
  }
}

function taken(): never {
  throw new ProblemError({
    status: 409,
    code: 'route_exists',
    detail: 'There is a route with this name.',
  });
}
