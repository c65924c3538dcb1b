import { Module } from '@nestjs/common';
import { UsernamesModule } from '../accounts/usernames.module.js';
import { HistoryModule } from '../events/history.module.js';
import { ComplianceController } from './compliance.controller.js';
import { ComplianceReports } from './compliance-report.js';
import { EvidenceStore } from './evidence.store.js';
import { Subjects } from './subjects.js';

/** The report about what documents ask for. */
@Module({
  imports: [UsernamesModule, HistoryModule],
  controllers: [ComplianceController],
  providers: [ComplianceReports, EvidenceStore, Subjects],
})
export class ComplianceModule {}
