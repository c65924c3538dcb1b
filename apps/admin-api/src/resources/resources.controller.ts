import { PolicyService, RegistrationError, ResourceService } from '@curfew/clients';
import { PrismaService } from '@curfew/persistence';
import { Controller } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { ResourceActs, type SentResource } from './resource-acts.js';
import * as contracts from './resource-contracts.js';
import { resourceOnWire } from './resource-view.js';

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
    const { search = '', audience: audiences, limit, cursor } = query;
    const question = ['resources', search, ...(audiences ?? [])].join(' ');
    const after = cursor === undefined ? null : String(this.cursors.open(question, cursor)[0]);
    const { resources, next } = await this.resources.list({
      ...{ after, search, limit },
      ...(audiences ? { audiences } : {}),
    });
    const policies = await this.attached();
    const items = resources.map((one) => resourceOnWire(one, policies));
    return ok({ items, next_cursor: next && this.cursors.seal(question, [next]) });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const resource = await this.resources.find(contracts.audienceIn(params));
    if (!resource) throw new RegistrationError('unknown_resource');
    return ok(resourceOnWire(resource, await this.attached()), resource.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const act = actOf(asked, contracts.create);
    const resource = await this.prisma.$transaction((tx) => this.acts.create(body, act, tx));
    const location = `/v1/resources/${encodeURIComponent(resource.audience)}`;
    return created(resourceOnWire(resource, await this.attached()), location, resource.version);
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, ...asked }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    const act = actOf(asked, contracts.change);
    const resource = await this.prisma.$transaction((tx) =>
      this.acts.change(contracts.audienceIn(params), body as Partial<SentResource>, version, act, tx),
    );
    return ok(resourceOnWire(resource, await this.attached()), resource.version);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    const act = actOf(asked, contracts.remove);
    await this.prisma.$transaction((tx) => this.acts.remove(contracts.audienceIn(params), act, tx));
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
