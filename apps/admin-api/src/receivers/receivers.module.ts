import { Receivers, ReceiversStore } from '@curfew/events/delivery';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';
import { FollowersModule } from '../followers/followers.module.js';
import { ReceiversController } from './receivers.controller.js';

const receiversOn = ({ prisma, clock, receiverSeal, receiverAddressFault }: Foundation): Receivers =>
  new Receivers({
    store: new ReceiversStore(prisma),
    clock,
    seal: receiverSeal,
    addressFault: receiverAddressFault,
  });

/** Webhooks are registered here and delivered by the authorization servers, under the same seal and the same rules. */
@Module({
  imports: [FollowersModule],
  controllers: [ReceiversController],
  providers: [{ provide: Receivers, useFactory: receiversOn, inject: [foundationToken] }],
  exports: [Receivers],
})
export class ReceiversModule {}
