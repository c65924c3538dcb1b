import {
  addTo,
  CountsStore,
  type CountsUnderTimeout,
  countBeyond,
  Evidence,
  type Figure,
  kindsOfVisits,
  lifetimeUnder,
  noCounts,
} from '@curfew/insight';
import { signInsPerVisit } from '@curfew/insight/figures';
import { latest, plus, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import type { FoundEvidence, InsightQuestion } from './insight-question.js';
import { visitFigures } from './timeouts-view.js';

/** Clients that a candidate is shown for one by one. */
const maxClients = 5;
/** They are the busiest of the last days of the time asked about. */
const rankedFor = seconds(7 * 86_400);

/** Questions that are asked beside the counts of all clients together, while those are being read. */
export interface CandidateDetails {
  readonly byClient: readonly { readonly clientId: string; readonly groups: readonly CountsUnderTimeout[] }[];
  readonly furtherCuts: readonly { readonly hour: number; readonly cuts_per_week: number }[];
}

/** Compares timeouts in force with candidates. */
@Injectable()
export class WhatIf {
  constructor(private readonly counts: CountsStore) {}

  /** Reads the counts that a candidate for the inactivity timeout needs beside those of the whole question. */
  async details(question: InsightQuestion, candidate: number): Promise<CandidateDetails> {
    const [byClient, furtherCuts] = await Promise.all([
      this.byClient(question),
      this.byHour(question, candidate),
    ]);
    return { byClient, furtherCuts };
  }

  /** Visits under the inactivity timeout in force, and under the candidate. */
  idle({ evidence, counts }: FoundEvidence, candidate: number, { byClient, furtherCuts }: CandidateDetails) {
    return {
      candidate_seconds: candidate,
      before: visitFigures(evidence, counts.days),
      after: visitFigures(evidence, counts.days, candidate),
      by_client: byClient.map(({ clientId, groups }) =>
        signInsOf(clientId, new Evidence(groups, evidence.giveUpShare), candidate),
      ),
      by_hour_of_week: furtherCuts,
    };
  }

  private async byClient({ clientIds, from, to }: InsightQuestion) {
    const span = { from, to, kinds: kindsOfVisits };
    if (clientIds?.length === 1) return this.counts.findByClient(clientIds, span);
    const busiest = await this.counts.returnedByClient(latest(from, plus(to, seconds(-rankedFor))), to);
    const shown = busiest
      .map(({ clientId }) => clientId)
      .filter((clientId) => clientIds === undefined || clientIds.includes(clientId))
      .slice(0, maxClients);
    return this.counts.findByClient(shown, span);
  }

  /** Silences that ended by activity today and would be cut: between the candidate and the timeout in force. */
  private async byHour({ clientIds }: InsightQuestion, candidate: number) {
    const cuts = new Float64Array(168);
    for (const { hourOfWeek, weeks, returned } of await this.counts.hours(clientIds))
      cuts[hourOfWeek]! += countBeyond(returned, candidate) / weeks;
    return [...cuts].map((count, hour) => ({ hour, cuts_per_week: count }));
  }
}

function signInsOf(clientId: string, evidence: Evidence, candidate: number) {
  return {
    client_id: clientId,
    before: evidence.estimate(signInsPerVisit()),
    after: evidence.estimate(signInsPerVisit(candidate)),
  };
}

/** Sessions under a candidate for the absolute lifetime. */
export function lifetimeOnWire(evidence: Evidence, candidate: number) {
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
