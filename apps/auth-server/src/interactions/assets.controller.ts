import type { ServerResponse } from 'node:http';
import { clientOfLogo, logoOf, Registry } from '@curfew/clients';
import { accentStylesheet, stylesheet, stylesheetPath } from '@curfew/pages';
import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import { passkeyScript, passkeyScriptPath } from '../pages/index.js';
import { PageSettings } from './page-settings.js';

const css = 'text/css; charset=utf-8';

/** The files that are the same for every application. */
const assets: ReadonlyMap<string, { readonly type: string; readonly content: string }> = new Map([
  [stylesheetPath, { type: css, content: stylesheet }],
  [passkeyScriptPath, { type: 'text/javascript; charset=utf-8', content: passkeyScript }],
]);

/** The files of the pages, each under a name that changes with its content: it may be cached for ever (RFC 8246). */
@Controller('assets')
export class AssetsController {
  constructor(
    private readonly registry: Registry,
    private readonly settings: PageSettings,
  ) {}

  @Get(':name')
  async asset(@Param('name') name: string, @Res() response: ServerResponse): Promise<void> {
    const found = assets.get(`/assets/${name}`);
    const accents = accentStylesheet(`/assets/${name}`);
    if (found) send(response, found.type, Buffer.from(found.content));
    else if (accents !== undefined) send(response, css, Buffer.from(accents));
    else send(response, 'image/png', await this.logo(name));
  }

  /** A logo by its name. A client that is unknown and one that has another logo are answered alike. */
  private async logo(name: string): Promise<Buffer> {
    const own = this.settings.parts.look?.logo;
    if (own?.name === name) return own.png;
    const id = clientOfLogo(name);
    const client = id === undefined ? null : await this.registry.client(id);
    const logo = client ? logoOf(client) : undefined;
    if (logo?.name !== name) throw new NotFoundException();
    return logo.png;
  }
}

function send(response: ServerResponse, type: string, body: Buffer): void {
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Content-Length', String(body.length));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
