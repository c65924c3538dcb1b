import {
  addTo,
  CountsStore,
  countBeyond,
  Evidence,
  type Figure,
  lifetimeUnder,
  noCounts,
  signInsPerVisit,
} from '@curfew/insight';
import { Injectable } from '@nestjs/common';
import { type FoundEvidence, type InsightQuestion, rankedSince } from './insight-question.js';
import { ReuseEndsStore } from './reuse-ends.store.js';
import { visitFigures } from './timeouts-view.js';

/** Settings to try, in seconds. */
export interface Candidates {
  readonly inactivityTimeout: number | undefined;
  readonly absoluteLifetime: number | undefined;
  readonly retryWindow: number | undefined;
}

/** Clients that a candidate is shown for one by one. */
const maxClients = 5;
/** The counts from which visits are estimated. */
const kindsOfVisits = ['returned', 'cut', 'censored', 'back'] as const;

/** Compares settings in force with candidates. */
@Injectable()
export class WhatIf {
  constructor(
    private readonly counts: CountsStore,
    private readonly reuses: ReuseEndsStore,
  ) {}

  /** The figures before and after. */
  async compare(found: FoundEvidence, { inactivityTimeout, absoluteLifetime, retryWindow }: Candidates) {
    const { evidence, question } = found;
    const [idle, retry] = await Promise.all([
      inactivityTimeout === undefined ? null : this.idle(found, inactivityTimeout),
      retryWindow === undefined ? null : this.retries(question, retryWindow),
    ]);
    return {
      inactivity_timeout: idle,
      absolute_lifetime: absoluteLifetime === undefined ? null : lifetime(evidence, absoluteLifetime),
      retry_window: retry,
    };
  }

  private async idle({ evidence, counts, question }: FoundEvidence, candidate: number) {
    const [byClient, byHour] = await Promise.all([
      this.byClient(question, candidate),
      this.byHour(question, candidate),
    ]);
    return {
      candidate_seconds: candidate,
      before: visitFigures(evidence, counts.days),
      after: visitFigures(evidence, counts.days, candidate),
      by_client: byClient,
      by_hour_of_week: byHour,
    };
  }

  private async byClient(question: InsightQuestion, candidate: number) {
    const { clientIds, from, to } = question;
    const busiest = (await this.counts.returnedByClient(rankedSince(question), to))
      .map(({ clientId }) => clientId)
      .filter((clientId) => clientIds === undefined || clientIds.includes(clientId))
      .slice(0, maxClients);
    const found = await this.counts.findByClient(busiest, { from, to, kinds: kindsOfVisits });
    return found.map(({ clientId, groups }) => {
      const evidence = new Evidence(groups);
      return {
        client_id: clientId,
        before: evidence.estimate(signInsPerVisit()),
        after: evidence.estimate(signInsPerVisit(candidate)),
      };
    });
  }

  /** Silences that ended by activity today and would be cut: between the candidate and the timeout in force. */
  private async byHour({ clientIds }: InsightQuestion, candidate: number) {
    const cuts = new Float64Array(168);
    for (const { hourOfWeek, weeks, returned } of await this.counts.hours(clientIds))
      cuts[hourOfWeek]! += countBeyond(returned, candidate) / weeks;
    return [...cuts].map((count, hour) => ({ hour, cuts_per_week: count }));
  }

  private async retries({ clientIds, from, to }: InsightQuestion, window: number) {
    const { ends, wouldBeRetries } = await this.reuses.count(clientIds, from, to, window);
    return { candidate_seconds: window, reuse_ends: ends, would_be_retries: wouldBeRetries };
  }
}

function lifetime(evidence: Evidence, candidate: number) {
  const figure =
    (name: 'reached' | 'ends'): Figure =>
    (groups) => {
      const total = noCounts();
      for (const { counts } of groups)
        for (const kind of ['aged', 'aged_out'] as const) addTo(total[kind], counts[kind]);
      return lifetimeUnder(total, candidate)?.[name] ?? 0;
    };
  return {
    candidate_seconds: candidate,
    reached: evidence.estimate(figure('reached'), { least: 0, most: 1 }),
    ends_per_session: evidence.estimate(figure('ends')),
  };
}
