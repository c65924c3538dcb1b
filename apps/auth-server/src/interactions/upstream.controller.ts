import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { seeOther } from './answer.js';
import { Notices } from './notices.js';
import { interactionGone } from './page-error.js';
import { SignedIn } from './signed-in.js';
import { UpstreamSignIn } from './upstream-sign-in.js';

/** The address to which other identity providers send people back: one for each, so that no provider answers for another (RFC 9700 §4.4). */
@Controller('sign-in/upstream/:id')
export class UpstreamController {
  constructor(
    private readonly upstream: UpstreamSignIn,
    private readonly notices: Notices,
    private readonly signedIn: SignedIn,
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
    const { address, binding, links } = begun;
    // A link is made for the person who asked for it, as long as they are signed in with this browser.
    const person = links && (await this.signedIn.find(request, response));
    if (links?.browserSessionUid !== person?.browserSessionUid || links?.accountId !== person?.account.id)
      throw interactionGone(400);
    const notice = await this.upstream.finish(request, begun, query);
    if ('linked' in notice) return seeOther(response, `${address}?done=linked`);
    this.notices.sendTo({ request, response, address, binding }, notice);
  }
}
