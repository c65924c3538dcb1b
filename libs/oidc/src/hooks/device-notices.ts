import { routes } from '@curfew/token-endpoint';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { DeviceNotice } from '../protocol-pages.js';
import type { ProtocolParts } from '../protocol-parts.js';

type Parts = Pick<ProtocolParts, 'pages' | 'basePath' | 'cookies'>;

/** Name of the cookie of a browser's session. `__Host-`: only this host, only over TLS, the whole path (NIST SP 800-63B-4 §5.1.1). */
export const sessionCookieName = ({ name, secure }: ProtocolParts['cookies']): string =>
  `${secure ? '__Host-' : ''}${name}`;

const placeOf = (ctx: KoaContextWithOIDC, { basePath, cookies }: Parts) => ({
  request: ctx.req,
  response: ctx.res,
  address: `${basePath}${routes.code_verification}`,
  binding: ctx.cookies.get(sessionCookieName(cookies)) ?? '',
});

/** Answers the form of a device's code by sending the browser to the page that shows what came of it (post, redirect, get). */
export function sendToDevicePage(ctx: KoaContextWithOIDC, parts: Parts, notice: DeviceNotice): void {
  const location = parts.pages.leaveNotice(placeOf(ctx, parts), notice);
  ctx.status = 303;
  ctx.set('Location', location);
  ctx.body = '';
}

/** The result of the previous form, for the page of a device's code. */
export const takeDeviceNotice = (ctx: KoaContextWithOIDC, parts: Parts): DeviceNotice | undefined =>
  parts.pages.takeNotice(placeOf(ctx, parts));
