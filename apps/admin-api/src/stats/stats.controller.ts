import { FeedNodeStore } from '@curfew/events';
import { MailStore } from '@curfew/mail';
import type { Instant } from '@curfew/session-policy';
import { Controller, Header, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation, operation } from '../contract/operation.js';
import { timestamp, written } from '../contract/wire.js';
import { Metrics } from './metrics.js';
import { Stats } from './stats.js';

/** The number of followers shown one by one, slowest first; the counts include all. */
const maxShown = 200;

const timeToDeny = z.object({
  followers: z.number().int(),
  stale: z.number().int(),
  slowest_ms: z.number().nullable().meta({ description: 'From the end of the last probe to its denial.' }),
  by_follower: z.array(
    z.object({
      id: z.string(),
      client_id: z.string(),
      ms: z.number().nullable(),
      stale: z.boolean(),
    }),
  ),
});

const stats = operation({
  id: 'getStats',
  method: 'get',
  path: '/v1/stats',
  tag: 'events',
  summary:
    'Figures of the whole installation, counted at the instant `counted_at`: a few seconds ago, with a million sessions up to a minute.',
  scope: 'events:read',
  answers: {
    200: {
      description: 'The figures.',
      schema: z.object({
        counted_at: timestamp,
        sessions: z.object({
          live: z.number().int().meta({
            description:
              'Sessions that have not ended and whose written deadline has not passed. One that a shorter policy has ended since its last use counts until the sweep that follows the change has recorded that.',
          }),
          live_by_client: z
            .array(z.object({ client_id: z.string(), count: z.number().int() }))
            .meta({ description: 'The same by client, for the 1,000 clients that have the most.' }),
          started_last_24h: z.number().int(),
          ended_last_24h: z.record(z.string(), z.number().int()).meta({ description: 'By reason.' }),
          unsettled_mass_ends: z.number().int(),
        }),
        accounts: z.number().int(),
        mail: z
          .object({
            waiting: z.number().int(),
            failing: z.number().int().meta({ description: 'Those after a failed attempt.' }),
            oldest_seconds: z.number(),
            last_cause: z.string().nullable(),
          })
          .meta({ description: 'Mail that is to be sent. It waits while the mail server is away.' }),
        clients: z.number().int(),
        time_to_deny: timeToDeny.meta({
          description: 'How long gateways and APIs let an ended session pass, by a probe every ten seconds.',
        }),
      }),
    },
  },
});

const metrics = operation({
  id: 'getMetrics',
  method: 'get',
  path: '/metrics',
  tag: 'service',
  summary: 'Metrics for Prometheus. Keep this listener private.',
  scope: null,
  answers: { 200: { description: 'Prometheus text format.', schema: z.string(), mediaType: 'text/plain' } },
});

/** Figures for people and for Prometheus. */
@Controller()
export class StatsController {
  constructor(
    private readonly stats: Stats,
    private readonly nodes: FeedNodeStore,
    private readonly mails: MailStore,
    @Inject(Metrics) private readonly registry: Metrics,
  ) {}

  @Operation(stats)
  async show(@Input() { now }: InputOf<typeof stats>): Promise<Answer> {
    const { at, figures } = await this.stats.read(now);
    return ok({
      counted_at: written(at),
      sessions: {
        live: figures.live,
        live_by_client: figures.liveByClient.map(({ client_id, count }) => ({ client_id, count })),
        started_last_24h: figures.startedLastDay,
        ended_last_24h: figures.endedLastDay,
        unsettled_mass_ends: figures.unsettledMassEnds,
      },
      accounts: figures.accounts,
      mail: await this.mailThatWaits(now),
      clients: figures.clients,
      time_to_deny: await this.timeToDeny(now),
    });
  }

  private async mailThatWaits(now: Instant) {
    const { waiting, failing, oldestMs, lastCause } = await this.mails.depth(now);
    return { waiting, failing, oldest_seconds: oldestMs / 1000, last_cause: lastCause };
  }

  private async timeToDeny(now: Instant): Promise<z.output<typeof timeToDeny>> {
    const followers = (await this.nodes.nodes(now)).flatMap((node) => node.followers);
    const slowestFirst = followers.toSorted((a, b) => (b.timeToDenyMs ?? -1) - (a.timeToDenyMs ?? -1));
    return {
      followers: followers.length,
      stale: followers.filter(({ stale }) => stale).length,
      slowest_ms: slowestFirst[0]?.timeToDenyMs ?? null,
      by_follower: slowestFirst.slice(0, maxShown).map(({ id, clientId, timeToDenyMs, stale }) => ({
        id,
        client_id: clientId,
        ms: timeToDenyMs,
        stale,
      })),
    };
  }

  @Operation(metrics)
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  async metrics(@Res() response: Response): Promise<void> {
    response.send(await this.registry.text());
  }
}
