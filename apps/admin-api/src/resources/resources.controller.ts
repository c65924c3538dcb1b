import {
  PolicyService,
  RegistrationError,
  type Resource,
  type ResourceRegistration,
  ResourceService,
} from '@curfew/clients';
import { EventLog } from '@curfew/events';
import { PrismaService, type Transaction } from '@curfew/persistence';
import type { EventData, Instant } from '@curfew/session-policy';
import { Controller } from '@nestjs/common';
import { adminActed, eventOf } from '../access/acts.js';
import type { Caller } from '../access/caller.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { written } from '../contract/wire.js';
import * as contracts from './resource-contracts.js';

type ResourceChange = Partial<Omit<ResourceRegistration, 'audience'>>;

/** Registered APIs. */
@Controller()
export class ResourcesController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly resources: ResourceService,
    private readonly policies: PolicyService,
    private readonly events: EventLog,
    private readonly cursors: Cursors,
  ) {}

  @Operation(contracts.list)
  async list(@Input() { query }: InputOf<typeof contracts.list>): Promise<Answer> {
    const after = query.cursor === undefined ? null : String(this.cursors.open('resources', query.cursor)[0]);
    const { resources, next } = await this.resources.list({ after, limit: query.limit });
    const policies = await this.attached();
    const items = resources.map((one) => onWire(one, policies));
    return ok({ items, next_cursor: next && this.cursors.seal('resources', [next]) });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const resource = await this.resources.find(params.audience);
    if (!resource) throw new RegistrationError('unknown_resource');
    return ok(onWire(resource, await this.attached()), resource.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, caller, now }: InputOf<typeof contracts.create>): Promise<Answer> {
    const resource = await this.prisma.$transaction(async (tx) => {
      const made = await this.resources.create(registrationOf(body) as ResourceRegistration, tx);
      await this.note(made.audience, 'created', Object.keys(body), contracts.create.id, caller, now, tx);
      return made;
    });
    const location = `/v1/resources/${encodeURIComponent(resource.audience)}`;
    return created(onWire(resource, await this.attached()), location, resource.version);
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, caller, now }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    const resource = await this.prisma.$transaction(async (tx) => {
      const changed = await this.resources.update(
        params.audience,
        registrationOf(body) as ResourceChange,
        version,
        tx,
      );
      await this.note(params.audience, 'changed', Object.keys(body), contracts.change.id, caller, now, tx);
      return changed;
    });
    return ok(onWire(resource, await this.attached()), resource.version);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, caller, now }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.prisma.$transaction(async (tx) => {
      await this.resources.delete(params.audience, tx);
      await this.note(params.audience, 'deleted', [], contracts.remove.id, caller, now, tx);
    });
    return nothing();
  }

  private async note(
    audience: string,
    change: EventData['resource.changed']['change'],
    fields: readonly string[],
    operation: string,
    caller: Caller,
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    const data = { audience, change, fields, by: caller.actor };
    await this.events.record(
      [eventOf('resource.changed', data, now), adminActed(caller, operation, audience, now)],
      tx,
    );
  }

  private async attached(): Promise<ReadonlyMap<string, string>> {
    const all = await this.policies.attachments();
    return new Map(
      all.flatMap(({ target, policy }) =>
        target.kind === 'resource' ? [[target.audience, policy] as const] : [],
      ),
    );
  }
}

/** The members under their names in the room; what was not sent is absent. */
function registrationOf<
  T extends { default_scopes?: unknown; token_format?: unknown; signing_alg?: unknown },
>(body: T) {
  const { default_scopes, token_format, signing_alg, ...same } = body;
  return {
    ...same,
    ...(default_scopes === undefined ? {} : { defaultScopes: default_scopes as Resource['defaultScopes'] }),
    ...(token_format === undefined ? {} : { tokenFormat: token_format as Resource['tokenFormat'] }),
    ...(signing_alg === undefined ? {} : { signingAlg: signing_alg as Resource['signingAlg'] }),
  };
}

const onWire = (resource: Resource, policies: ReadonlyMap<string, string>) => ({
  audience: resource.audience,
  name: resource.name,
  scopes: resource.scopes,
  default_scopes: resource.defaultScopes,
  token_format: resource.tokenFormat,
  signing_alg: resource.signingAlg,
  policy: policies.get(resource.audience) ?? null,
  version: resource.version,
  created_at: written(resource.createdAt),
  updated_at: written(resource.updatedAt),
});
