import { Module } from '@nestjs/common';
import { TransmitterActs } from './transmitter-acts.js';
import { TransmittersController } from './transmitters.controller.js';

/** The services that tell of security events about people. */
@Module({ controllers: [TransmittersController], providers: [TransmitterActs] })
export class TransmittersModule {}
