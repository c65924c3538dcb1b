import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';
import { FollowersModule } from '../followers/followers.module.js';
import { FrictionFigures } from '../insight/friction.js';
import { InsightModule } from '../insight/insight.module.js';
import { FiguresModule } from './figures.module.js';
import { Metrics } from './metrics.js';
import { StatsController } from './stats.controller.js';
import { Stats } from './stats.js';

const metricsOn = ({ clock, prisma }: Foundation, stats: Stats, friction: FrictionFigures): Metrics =>
  new Metrics(stats, new Stats(friction), clock, () => prisma.load());

/** Figures of the whole installation. */
@Module({
  imports: [FiguresModule, FollowersModule, InsightModule],
  controllers: [StatsController],
  providers: [{ provide: Metrics, useFactory: metricsOn, inject: [foundationToken, Stats, FrictionFigures] }],
  exports: [Metrics],
})
export class StatsModule {}
