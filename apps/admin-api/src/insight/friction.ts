import {
  CountsStore,
  type Estimate,
  Evidence,
  type FunnelWindow,
  funnelOf,
  shortfallsOf,
  totalCounts,
} from '@curfew/insight';
import { cutWhileWorking, exposurePerDay, gaveUpPerVisit } from '@curfew/insight/figures';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { CameBackStore } from './came-back.store.js';
import { dayOf } from './insight-question.js';

/** The cost of timeouts and ends to people, over the whole installation. */
export interface Friction {
  /** The last day's ends for a reused token: those whose person came back as themselves, and all. */
  readonly reuseEnds: { readonly cameBack: number; readonly all: number };
  /** The steps that people took after a timeout. */
  readonly funnel: readonly FunnelWindow[];
  /** Undefined where there is too little data. */
  readonly figures:
    | { readonly cutWhileWorking: Estimate; readonly dropOff: Estimate; readonly exposure: Estimate }
    | undefined;
}

const week = seconds(7 * 86_400);
const day = seconds(86_400);

/** Measures friction from the counts of a week and from the ends of a day. */
@Injectable()
export class FrictionFigures {
  constructor(
    private readonly counts: CountsStore,
    private readonly cameBack: CameBackStore,
  ) {}

  /** The figures as they stand; days are those of UTC, and today is one of the seven. */
  async figures(now: Instant): Promise<Friction> {
    const to = plus(dayOf(now), day);
    const [{ groups, days }, { incidents: ends }] = await Promise.all([
      this.counts.find({
        from: plus(to, seconds(-week)),
        to,
        kinds: ['returned', 'cut', 'censored', 'back', 'shown', 'proved', 'resumed'],
      }),
      this.cameBack.find({
        types: ['session.reuse_found'],
        clientIds: undefined,
        from: plus(now, seconds(-day)),
        to: now,
      }),
    ]);
    const evidence = new Evidence(groups);
    return {
      reuseEnds: { cameBack: ends.filter(({ cameBack }) => cameBack).length, all: ends.length },
      funnel: funnelOf(totalCounts(evidence.all)),
      figures:
        shortfallsOf(groups, days).length > 0
          ? undefined
          : {
              cutWhileWorking: evidence.estimate(cutWhileWorking, { least: 0, most: 1 }),
              dropOff: evidence.estimate(gaveUpPerVisit(), { least: 0, most: 1 }),
              exposure: evidence.estimate(exposurePerDay(days)),
            },
    };
  }
}
