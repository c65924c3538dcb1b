import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { requireMethod } from '@curfew/web';
import type { FollowerAuthentication } from './follower-authentication.js';
import type { GatewayRoutesStore } from './gateway-routes.store.js';

/** Hands gateways the routes that operators keep, each client those of the API it serves. */
export class RouteEndpoint {
  constructor(
    private readonly routes: GatewayRoutesStore,
    private readonly authentication: FollowerAuthentication,
  ) {}

  /** Answers `GET /gateway-routes`; 304 where the caller has them already (RFC 9110 §13.1.2). */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requireMethod(request, 'GET');
    const { resource } = await this.authentication.of(request);
    const body = Buffer.from(JSON.stringify({ routes: await this.routes.of(resource ?? '') }));
    const tag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    const headers = { ETag: tag, 'Cache-Control': 'no-store' };
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, {
      ...headers,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    });
    response.end(body);
  }
}
