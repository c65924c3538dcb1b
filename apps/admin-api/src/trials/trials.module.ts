import { PrismaService } from '@curfew/persistence';
import { Module } from '@nestjs/common';
import { MarkedSessionsStore } from './marked-sessions.store.js';
import { ShadowsController } from './shadows.controller.js';
import { Shadows } from './shadows.js';

const marksOn = (prisma: PrismaService): MarkedSessionsStore => new MarkedSessionsStore(prisma);

/** Timeouts that are tried on the sessions of a policy. */
@Module({
  controllers: [ShadowsController],
  providers: [Shadows, { provide: MarkedSessionsStore, useFactory: marksOn, inject: [PrismaService] }],
})
export class TrialsModule {}
