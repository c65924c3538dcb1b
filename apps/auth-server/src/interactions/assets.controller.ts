import type { ServerResponse } from 'node:http';
import { stylesheet, stylesheetPath } from '@curfew/pages';
import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';

/** The stylesheet, under a name that changes with its content: it may be cached for ever (RFC 8246). */
@Controller('assets')
export class AssetsController {
  @Get(':name')
  asset(@Param('name') name: string, @Res() response: ServerResponse): void {
    if (`/assets/${name}` !== stylesheetPath) throw new NotFoundException();
    const body = Buffer.from(stylesheet);
    response.setHeader('Content-Type', 'text/css; charset=utf-8');
    response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Content-Length', String(body.length));
    response.end(response.req.method === 'HEAD' ? undefined : body);
  }
}
