import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';
import { ClockController } from './clock.controller.js';
import { VirtualClock } from './virtual-clock.js';

const clockOn = (foundation: Foundation): VirtualClock => new VirtualClock(foundation);

/** The clock of the installation. */
@Module({
  controllers: [ClockController],
  providers: [{ provide: VirtualClock, useFactory: clockOn, inject: [foundationToken] }],
})
export class ClockModule {}
