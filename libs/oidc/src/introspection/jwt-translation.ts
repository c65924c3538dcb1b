import type { IncomingMessage, RequestListener } from 'node:http';
import type { AccessTokenCodec } from '@curfew/sessions';
import { giveBack, readBody } from '../fast-lane/plain-form.js';
import { routes } from '../routes.js';
import { type JwtAccessTokens, looksLikeJwt } from './jwt-access-tokens.js';

/** A form larger than this holds no token of ours. */
const largest = 56 * 1024;

/**
 * oidc-provider refuses JWTs at introspection and revocation, because it cannot know whether they were revoked. This
 * service can: so a JWT that it signed is put in front of the library as the opaque token with the same claims, and then
 * its session's row and the list of revoked tokens answer for it. Any other JWT is passed on as it is and refused there.
 */
export function translateJwts(
  jwts: JwtAccessTokens,
  accessTokens: AccessTokenCodec,
  next: RequestListener,
): RequestListener {
  return (request, response) => {
    if (!mayHoldJwt(request)) return next(request, response);
    readBody(request).then(
      (body) => {
        if (!body) return;
        giveBack(request, translated(body, jwts, accessTokens));
        next(request, response);
      },
      () => response.destroy(),
    );
  };
}

function mayHoldJwt({ method, url, headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length']);
  return (
    method === 'POST' &&
    (url === routes.introspection || url === routes.revocation) &&
    /^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers['content-type'] ?? '') &&
    headers['content-encoding'] === undefined &&
    length > 0 &&
    length <= largest
  );
}

function translated(body: Buffer, jwts: JwtAccessTokens, accessTokens: AccessTokenCodec): Buffer {
  const text = body.toString('utf8');
  // Whatever else is in the form stays as it was sent, so that the library finds every fault itself.
  return Buffer.from(
    text.replace(/(^|&)token=([^&]*)/g, (parameter, before: string, encoded: string) => {
      const token = decoded(encoded);
      const claims = token !== undefined && looksLikeJwt(token) ? jwts.open(token) : undefined;
      return claims ? `${before}token=${accessTokens.seal(claims)}` : parameter;
    }),
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' ')).trim();
  } catch {
    return undefined;
  }
}
