import { PolicyService, RegistrationError, type Resource, ResourceService } from '@curfew/clients';
import { PrismaService } from '@curfew/persistence';
import { Controller } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { written } from '../contract/wire.js';
import { ResourceActs, type SentResource } from './resource-acts.js';
import * as contracts from './resource-contracts.js';

/** Registered APIs. */
@Controller()
export class ResourcesController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly resources: ResourceService,
    private readonly policies: PolicyService,
    private readonly acts: ResourceActs,
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
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const act = actOf(asked, contracts.create);
    const resource = await this.prisma.$transaction((tx) => this.acts.create(body, act, tx));
    const location = `/v1/resources/${encodeURIComponent(resource.audience)}`;
    return created(onWire(resource, await this.attached()), location, resource.version);
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, ...asked }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    const act = actOf(asked, contracts.change);
    const resource = await this.prisma.$transaction((tx) =>
      this.acts.change(params.audience, body as Partial<SentResource>, version, act, tx),
    );
    return ok(onWire(resource, await this.attached()), resource.version);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    const act = actOf(asked, contracts.remove);
    await this.prisma.$transaction((tx) => this.acts.remove(params.audience, act, tx));
    return nothing();
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
