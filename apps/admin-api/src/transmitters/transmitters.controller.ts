import { type Transmitter, Transmitters } from '@curfew/events/transmitters';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { PrismaService } from '@curfew/persistence';
import { Controller, Inject } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import { TransmitterActs } from './transmitter-acts.js';
import * as contracts from './transmitter-contracts.js';
import { transmitterOnWire, writtenTransmitter } from './transmitter-view.js';

/** Services that tell of security events about people (OpenID Shared Signals). */
@Controller()
export class TransmittersController {
  constructor(
    private readonly prisma: PrismaService,
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
    const transmitter = await this.existing(params.id);
    return ok(this.onWire(transmitter), transmitter.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const act = actOf(asked, contracts.create);
    const wanted = writtenTransmitter(body.id, body);
    const made = await this.prisma.$transaction((tx) =>
      this.acts.create(wanted, body.authorization, act, tx),
    );
    return created(this.onWire(made), `/v1/transmitters/${made.id}`, made.version);
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, ...asked }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    const before = await this.existing(params.id);
    const act = actOf(asked, contracts.change);
    const wanted = writtenTransmitter(params.id, body);
    const given = { authorization: body.authorization, version };
    const made = await this.prisma.$transaction((tx) => this.acts.change(before, wanted, given, act, tx));
    return ok(this.onWire(made), made.version);
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, version, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    await this.existing(params.id);
    const act = actOf(asked, contracts.remove);
    await this.prisma.$transaction((tx) => this.acts.remove(params.id, version, act, tx));
    return nothing();
  }

  private onWire(transmitter: Transmitter) {
    return transmitterOnWire(transmitter, this.foundation.configuration.issuer);
  }

  private async existing(id: string): Promise<Transmitter> {
    const transmitter = await this.transmitters.find(id);
    if (!transmitter) throw notFound('unknown_transmitter', 'There is no transmitter with this id.');
    return transmitter;
  }
}
