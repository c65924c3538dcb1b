import { type IdentityProvider, IdentityProviders } from '@curfew/accounts/identity-providers';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Controller, Inject } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { ProviderActs } from './provider-acts.js';
import * as contracts from './provider-contracts.js';
import { providerOnWire, writtenProvider } from './provider-view.js';

/** Identity providers with which people sign in. */
@Controller()
export class ProvidersController {
  constructor(
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
    const provider = await this.acts.existing(params.id);
    return ok(this.onWire(provider), provider.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const act = actOf(asked, contracts.create);
    const provider = await this.acts.create(writtenProvider(body.id, body), body.client_secret, act);
    return created(this.onWire(provider), `/v1/identity-providers/${provider.id}`, provider.version);
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, ...asked }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    const act = actOf(asked, contracts.change);
    const given = { secret: body.client_secret, version };
    const provider = await this.acts.change(writtenProvider(params.id, body), given, act);
    return ok(this.onWire(provider), provider.version);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, version, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.acts.remove(params.id, version, actOf(asked, contracts.remove));
    return nothing();
  }

  private onWire(provider: IdentityProvider) {
    return providerOnWire(provider, this.foundation.configuration.issuer);
  }
}
