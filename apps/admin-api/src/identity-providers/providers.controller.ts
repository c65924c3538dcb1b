import { type IdentityProvider, IdentityProviders } from '@curfew/accounts/identity-providers';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { PrismaService } from '@curfew/persistence';
import { Controller, Inject } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import { ProviderActs } from './provider-acts.js';
import * as contracts from './provider-contracts.js';
import { providerOnWire, writtenProvider } from './provider-view.js';

/** Identity providers with which people sign in. */
@Controller()
export class ProvidersController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly providers: IdentityProviders,
    private readonly acts: ProviderActs,
    private readonly cursors: Cursors,
    @Inject(foundationToken) private readonly foundation: Foundation,
  ) {}

  @Operation(contracts.list)
  async list(@Input() { query }: InputOf<typeof contracts.list>): Promise<Answer> {
    const { limit, cursor } = query;
    const question = 'identity providers';
    const after = cursor === undefined ? null : String(this.cursors.open(question, cursor)[0]);
    const found = await this.providers.list(after, limit + 1);
    const items = found.slice(0, limit);
    const next = found.length > limit ? this.cursors.seal(question, [items.at(-1)!.id]) : null;
    return ok({ items: items.map((one) => this.onWire(one)), next_cursor: next });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const provider = await this.existing(params.id);
    return ok(this.onWire(provider), provider.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const act = actOf(asked, contracts.create);
    const wanted = writtenProvider(body.id, body);
    const provider = await this.prisma.$transaction((tx) =>
      this.acts.create(wanted, body.client_secret, act, tx),
    );
    return created(this.onWire(provider), `/v1/identity-providers/${provider.id}`, provider.version);
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, ...asked }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    const before = await this.existing(params.id);
    const act = actOf(asked, contracts.change);
    const wanted = writtenProvider(params.id, body);
    const given = { secret: body.client_secret, version };
    const provider = await this.prisma.$transaction((tx) => this.acts.change(before, wanted, given, act, tx));
    return ok(this.onWire(provider), provider.version);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, version, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.existing(params.id);
    const act = actOf(asked, contracts.remove);
    await this.prisma.$transaction((tx) => this.acts.remove(params.id, version, act, tx));
    return nothing();
  }

  private onWire(provider: IdentityProvider) {
    return providerOnWire(provider, this.foundation.configuration.issuer);
  }

  private async existing(id: string): Promise<IdentityProvider> {
    const provider = await this.providers.find(id);
    if (!provider) throw notFound('unknown_identity_provider', 'There is no identity provider with this id.');
    return provider;
  }
}
