import { SessionFeed } from '@curfew/events';
import { DatabaseGuard, PrismaService } from '@curfew/persistence';
import { databaseUnavailable, ProblemError } from '@curfew/web';
import { Controller, Get, Header, HttpCode } from '@nestjs/common';

/** A node whose feed is silent for longer tells its followers nothing, and each of their requests costs a question. */
const maxFeedSilenceMs = 5_000;

/** Whether this process is up, and whether it can serve. */
@Controller('health')
export class HealthController {
  /** Set while the process stops, so that a load balancer sends nothing new. */
  stopping = false;
  /** Whether announcements of other processes arrive; answers are right without them, but each costs a question to the database. */
  hears: () => boolean = () => false;

  constructor(
    private readonly prisma: PrismaService,
    private readonly guard: DatabaseGuard,
    private readonly feed: SessionFeed,
  ) {}

  @Get('live')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  live(): { status: string } {
    return { status: 'ok' };
  }

  @Get('ready')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async ready(): Promise<{ status: string; announcements: string }> {
    if (this.stopping)
      throw new ProblemError({
        status: 503,
        code: 'stopping',
        title: 'The service is stopping',
        retryAfter: 5,
      });
    await this.prisma.$queryRaw`SELECT 1`;
    if (!this.guard.commits || this.feed.silentMs > maxFeedSilenceMs) throw databaseUnavailable();
    return { status: 'ok', announcements: this.hears() ? 'heard' : 'not heard' };
  }
}
