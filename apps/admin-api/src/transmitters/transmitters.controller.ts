import { type Transmitter, Transmitters } from '@curfew/events/transmitters';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Controller, Inject } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { TransmitterActs } from './transmitter-acts.js';
import * as contracts from './transmitter-contracts.js';
import { transmitterOnWire, writtenTransmitter } from './transmitter-view.js';

/** Services that tell of security events about people (OpenID Shared Signals). */
@Controller()
export class TransmittersController {
  constructor(
    private readonly transmitters: Transmitters,
    private readonly acts: TransmitterActs,
    @Inject(foundationToken) private readonly foundation: Foundation,
  ) {}

  @Operation(contracts.list)
  async list(): Promise<Answer> {
    const found = await this.transmitters.list();
    return ok({ items: found.map((one) => this.onWire(one)) });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const transmitter = await this.acts.existing(params.id);
    return ok(this.onWire(transmitter), transmitter.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const act = actOf(asked, contracts.create);
    const made = await this.acts.create(writtenTransmitter(body.id, body), body.authorization, act);
    return created(this.onWire(made), `/v1/transmitters/${made.id}`, made.version);
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, ...asked }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    const act = actOf(asked, contracts.change);
    const given = { secret: body.authorization, version };
    const made = await this.acts.change(writtenTransmitter(params.id, body), given, act);
    return ok(this.onWire(made), made.version);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, version, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.acts.remove(params.id, version, actOf(asked, contracts.remove));
    return nothing();
  }

  private onWire(transmitter: Transmitter) {
    return transmitterOnWire(transmitter, this.foundation.configuration.issuer);
  }
}
