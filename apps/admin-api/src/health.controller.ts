import { DatabaseGuard, PrismaService } from '@curfew/persistence';
import { databaseUnavailable, ProblemError } from '@curfew/web';
import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { Answer } from './contract/answer.js';
import { Operation, operation } from './contract/operation.js';

const health = z.object({ status: z.literal('ok') });

const readiness = health.extend({
  announcements: z
    .enum(['heard', 'not heard'])
    .describe(
      'Whether what other processes announce arrives. Without it, every question goes to the database.',
    ),
});

const live = operation({
  id: 'live',
  method: 'get',
  path: '/health/live',
  tag: 'service',
  summary: 'Whether the process runs.',
  scope: null,
  answers: { 200: { description: 'It does.', schema: health } },
});

const ready = operation({
  id: 'ready',
  method: 'get',
  path: '/health/ready',
  tag: 'service',
  summary: 'Whether it can serve: the database answers, lost nothing, and commits go through.',
  scope: null,
  answers: { 200: { description: 'It can.', schema: readiness } },
  problems: { 503: ['stopping', 'unavailable'] },
});

/** Whether this process is up, and whether it can serve. */
@Controller()
export class HealthController {
  /** Set while the process stops, so that a load balancer sends nothing new. */
  stopping = false;
  /** Whether announcements of other processes arrive; answers are right without them, but each costs a question to the database. */
  hears: () => boolean = () => false;

  constructor(
    private readonly prisma: PrismaService,
    private readonly guard: DatabaseGuard,
  ) {}

  @Operation(live)
  live(): Answer {
    return new Answer(200, { status: 'ok' });
  }

  @Operation(ready)
  async ready(): Promise<Answer> {
    if (this.stopping)
      throw new ProblemError({
        status: 503,
        code: 'stopping',
        title: 'The service is stopping',
        retryAfter: 5,
      });
    await this.prisma.$queryRaw`SELECT 1`;
    if (!this.guard.commits) throw databaseUnavailable();
    return new Answer(200, { status: 'ok', announcements: this.hears() ? 'heard' : 'not heard' });
  }
}
