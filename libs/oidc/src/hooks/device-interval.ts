import { pollingInterval } from '@curfew/token-endpoint';
import type { KoaContextWithOIDC } from 'oidc-provider';

/** Tells devices how long to wait between polls (RFC 8628 §3.2), which the library leaves to its default. */
export function announceInterval(ctx: KoaContextWithOIDC): void {
  const body = ctx.body as Record<string, unknown> | undefined;
  if (ctx.status === 200 && body?.['device_code']) body['interval'] = pollingInterval;
}
