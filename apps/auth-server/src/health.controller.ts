import { PrismaService } from '@curfew/persistence';
import { ProblemError } from '@curfew/problem';
import { Controller, Get, Header, HttpCode } from '@nestjs/common';

/** Whether this process is up, and whether it can serve. */
@Controller('health')
export class HealthController {
  /** Set while the process stops, so that a load balancer sends nothing new. */
  stopping = false;

  constructor(private readonly prisma: PrismaService) {}

  @Get('live')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  live(): { status: string } {
    return { status: 'ok' };
  }

  @Get('ready')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async ready(): Promise<{ status: string }> {
    if (this.stopping)
      throw new ProblemError({
        status: 503,
        code: 'stopping',
        title: 'The service is stopping',
        retryAfter: 5,
      });
    await this.prisma.$queryRaw`SELECT 1`;
    return { status: 'ok' };
  }
}
