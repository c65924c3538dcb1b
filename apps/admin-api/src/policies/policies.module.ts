import { PrismaService } from '@curfew/persistence';
import { Module } from '@nestjs/common';
import { AttachmentsController } from './attachments.controller.js';
import { EffectivePolicyController } from './effective-policy.controller.js';
import { PoliciesController } from './policies.controller.js';
import { PolicyActs } from './policy-acts.js';
import { PreviewStore } from './preview.store.js';

const previewsOn = (prisma: PrismaService): PreviewStore => new PreviewStore(prisma);

/** Policies, what they are attached to, and what a change would end. */
@Module({
  controllers: [PoliciesController, AttachmentsController, EffectivePolicyController],
  providers: [PolicyActs, { provide: PreviewStore, useFactory: previewsOn, inject: [PrismaService] }],
  exports: [PolicyActs],
})
export class PoliciesModule {}
