import {
  type ClientChange,
  type ClientRegistration,
  ClientService,
  keptLogo,
  PolicyService,
  type PolicyTarget,
  ResourceService,
} from '@curfew/clients';
import type { Transaction } from '@curfew/persistence';
import { formatPolicy, parsePolicy } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import type { Act } from '../access/acts.js';
import { ClientActs } from '../clients/client-acts.js';
import { clientOnWire } from '../clients/client-view.js';
import { PolicyActs } from '../policies/policy-acts.js';
import { ResourceActs } from '../resources/resource-acts.js';
import { resourceOnWire } from '../resources/resource-view.js';
import { GatewayRoutesStore } from '../routes/gateway-routes.store.js';
import { RouteActs } from '../routes/route-acts.js';
import { routeOnWire, writtenRoute } from '../routes/route-view.js';
import type { Description, Step } from './apply-contracts.js';
import { differing, only } from './differences.js';

/** The result of one entry of a description: nothing, or a step that was done. */
export interface DoneEntry {
  readonly step: Step | null;
  /** The version it was done from. */
  readonly from?: number;
  /** The secret of a new client, or of one that now needs one. */
  readonly secret?: string | null;
}

/** The members with the logo as it would be kept, so that a logo which is sent again is no change. */
function withKeptLogo<T extends { readonly logo_png?: string | null | undefined }>(wanted: T): T {
  const { logo_png: logo } = wanted;
  return typeof logo === 'string' ? { ...wanted, logo_png: keptLogo(logo) ?? logo } : wanted;
}

const unchanged: DoneEntry = { step: null };

/** Makes one entry after the other true, each by the act that an operator would ask for. */
@Injectable()
export class Entries {
  constructor(
    private readonly policies: PolicyService,
    private readonly resources: ResourceService,
    private readonly clients: ClientService,
    private readonly routes: GatewayRoutesStore,
    private readonly policyActs: PolicyActs,
    private readonly resourceActs: ResourceActs,
    private readonly clientActs: ClientActs,
    private readonly routeActs: RouteActs,
  ) {}

  /** A policy; compared in full, because a profile that gave what is left out is part of what it says. */
  async policy(
    name: string,
    settings: Description['policies'][string],
    act: Act,
    tx: Transaction,
  ): Promise<DoneEntry> {
    const before = await this.policies.find(name, tx);
    const parsed = parsePolicy(settings);
    const fields =
      before && parsed.ok ? differing({ ...formatPolicy(parsed.policy) }, { ...before.settings }) : [];
    if (before && parsed.ok && fields.length === 0) return unchanged;
    const from = before?.version ?? 0;
    await this.policyActs.save({ name, previous: from, settings }, act, tx);
    return { step: { action: before ? 'change' : 'create', kind: 'policy', name, fields }, from };
  }

  /** An API. */
  async resource(
    audience: string,
    { policy: _, ...wanted }: Description['resources'][string],
    act: Act,
    tx: Transaction,
  ): Promise<DoneEntry> {
    const before = await this.resources.find(audience, tx);
    if (!before) {
      await this.resourceActs.create({ audience, ...wanted }, act, tx);
      return { step: { action: 'create', kind: 'resource', name: audience, fields: [] } };
    }
    const fields = differing(wanted, resourceOnWire(before, new Map()));
    if (fields.length === 0) return unchanged;
    await this.resourceActs.change(audience, only(wanted, fields), before.version, act, tx);
    return { step: { action: 'change', kind: 'resource', name: audience, fields }, from: before.version };
  }

  /** A client. */
  async client(
    id: string,
    { policy: _, ...described }: Description['clients'][string],
    act: Act,
    tx: Transaction,
  ): Promise<DoneEntry> {
    const wanted = withKeptLogo(described);
    const before = (await this.clients.find(id, tx))?.client;
    if (!before) {
      const registration = { client_id: id, ...wanted } as ClientRegistration & { client_id: string };
      const { secret } = await this.clientActs.create(registration, act, tx);
      return { step: { action: 'create', kind: 'client', name: id, fields: [] }, secret };
    }
    const fields = differing(wanted, { ...clientOnWire(before) });
    if (fields.length === 0) return unchanged;
    const change = only(wanted, fields) as ClientChange;
    const { secret } = await this.clientActs.change(id, change, before.version, act, tx);
    return { step: { action: 'change', kind: 'client', name: id, fields }, from: before.version, secret };
  }

  /** A route; replaced as a whole, so what the description leaves out gets its default again. */
  async route(
    name: string,
    wanted: Description['gateway_routes'][string],
    act: Act,
    tx: Transaction,
  ): Promise<DoneEntry> {
    const before = await this.routes.find(name, tx);
    const route = writtenRoute(name, wanted);
    if (!before) {
      await this.routeActs.create(route, act, tx);
      return { step: { action: 'create', kind: 'route', name, fields: [] } };
    }
    const { name: _, version, created_at: _c, updated_at: _u, ...kept } = routeOnWire(before);
    const dropped = Object.keys(kept).filter((member) => !(member in wanted));
    const fields = [...differing(wanted, kept), ...dropped];
    if (fields.length === 0) return unchanged;
    await this.routeActs.change(route, version, act, tx);
    return { step: { action: 'change', kind: 'route', name, fields }, from: version };
  }

  /** Attaches a policy to a target; null detaches. */
  async attachment(
    target: PolicyTarget,
    policy: string | null,
    act: Act,
    tx: Transaction,
  ): Promise<DoneEntry> {
    const before = await this.policies.attachedTo(target, tx);
    if (before === policy) return unchanged;
    const name =
      target.kind === 'client' ? target.id : target.kind === 'resource' ? target.audience : 'everyone';
    if (policy === null) {
      await this.policyActs.detach(target, before, act, tx);
      return { step: { action: 'detach', kind: 'attachment', name, fields: [before!] } };
    }
    await this.policyActs.attach(target, { policy, before }, act, tx);
    return { step: { action: 'attach', kind: 'attachment', name, fields: [policy] } };
  }
}
