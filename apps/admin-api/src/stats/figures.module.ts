import { Module } from '@nestjs/common';
import { Stats } from './stats.js';
import { StatsStore } from './stats.store.js';

const statsOn = (store: StatsStore): Stats => new Stats(store);

/** Figures of the whole installation, counted once for everything that shows them. */
@Module({
  providers: [StatsStore, { provide: Stats, useFactory: statsOn, inject: [StatsStore] }],
  exports: [Stats],
})
export class FiguresModule {}
