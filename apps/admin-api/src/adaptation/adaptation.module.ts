import { PrismaService } from '@curfew/persistence';
import { Module } from '@nestjs/common';
import { UsernamesModule } from '../accounts/usernames.module.js';
import { InsightModule } from '../insight/insight.module.js';
import { PoliciesModule } from '../policies/policies.module.js';
import { AdaptationController } from './adaptation.controller.js';
import { AdaptationStore } from './adaptation.store.js';
import { AdaptationActs } from './adaptation-acts.js';
import { AdaptationHistory } from './adaptation-history.store.js';
import { AdaptationSteps } from './adaptation-steps.js';
import { NightlyAdaptation } from './nightly-adaptation.js';
import { PolicyEvidence } from './policy-evidence.js';

const storeOn = (prisma: PrismaService): AdaptationStore => new AdaptationStore(prisma);

/** Policies that adapt their inactivity timeout within limits. */
@Module({
  imports: [InsightModule, PoliciesModule, UsernamesModule],
  controllers: [AdaptationController],
  providers: [
    AdaptationActs,
    AdaptationHistory,
    AdaptationSteps,
    NightlyAdaptation,
    PolicyEvidence,
    { provide: AdaptationStore, useFactory: storeOn, inject: [PrismaService] },
  ],
})
export class AdaptationModule {}
