import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { Notices } from './notices.js';
import { interactionGone } from './page-error.js';
import { UpstreamSignIn } from './upstream-sign-in.js';

/** The address to which other identity providers send people back: one for each, so that no provider answers for another (RFC 9700 §4.4). */
@Controller('sign-in/upstream/:id')
export class UpstreamController {
  constructor(
    private readonly upstream: UpstreamSignIn,
    private readonly notices: Notices,
  ) {}

  @Get()
  async back(
    @Param('id') id: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const query = /\?(.*)$/s.exec(request.url ?? '')?.[1] ?? '';
    const begun = this.upstream.begun(request, response, id, new URLSearchParams(query));
    if (!begun) throw interactionGone(400);
    const { address, binding } = begun;
    const notice = await this.upstream.finish(request, begun, query);
    this.notices.sendTo({ request, response, address, binding }, notice);
  }
}
