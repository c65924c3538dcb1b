import { Controller, Header, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation, operation } from '../contract/operation.js';
import { timestamp, written } from '../contract/wire.js';
import { Metrics } from './metrics.js';
import { Stats } from './stats.js';

const stats = operation({
  id: 'getStats',
  method: 'get',
  path: '/v1/stats',
  tag: 'events',
  summary: 'Figures of the whole installation, at most a few seconds old.',
  scope: 'events:read',
  answers: {
    200: {
      description: 'The figures.',
      schema: z.object({
        counted_at: timestamp,
        sessions: z.object({
          live: z.number().int(),
          live_by_client: z.array(z.object({ client_id: z.string(), count: z.number().int() })),
          started_last_24h: z.number().int(),
          ended_last_24h: z.record(z.string(), z.number().int()).meta({ description: 'By reason.' }),
          unsettled_mass_ends: z.number().int(),
        }),
        accounts: z.number().int(),
        clients: z.number().int(),
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
    @Inject(Metrics) private readonly registry: Metrics,
  ) {}

  @Operation(stats)
  async show(@Input() { now }: InputOf<typeof stats>): Promise<Answer> {
    const { at, figures } = await this.stats.read(now);
    return ok({
      counted_at: written(at),
      sessions: {
        live: figures.live,
        live_by_client: figures.liveByClient,
        started_last_24h: figures.startedLastDay,
        ended_last_24h: figures.endedLastDay,
        unsettled_mass_ends: figures.unsettledMassEnds,
      },
      accounts: figures.accounts,
      clients: figures.clients,
    });
  }

  @Operation(metrics)
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  async metrics(@Res() response: Response): Promise<void> {
    response.send(await this.registry.text());
  }
}
