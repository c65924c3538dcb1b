import { Module } from '@nestjs/common';
import { FiguresModule } from '../stats/figures.module.js';
import { CameBackStore } from './came-back.store.js';
import { ExposureOverTime } from './exposure-over-time.js';
import { FalseTheft } from './false-theft.js';
import { FrictionFigures } from './friction.js';
import { InsightController } from './insight.controller.js';
import { InsightQuestions } from './insight-question.js';
import { ReuseEndsStore } from './reuse-ends.store.js';
import { WhatIf } from './what-if.js';
import { WhatIfRules } from './what-if-rules.js';

/** Answers about timeouts, from the counts. */
@Module({
  imports: [FiguresModule],
  controllers: [InsightController],
  providers: [
    CameBackStore,
    ExposureOverTime,
    FalseTheft,
    FrictionFigures,
    InsightQuestions,
    ReuseEndsStore,
    WhatIf,
    WhatIfRules,
  ],
  exports: [FrictionFigures, InsightQuestions],
})
export class InsightModule {}
