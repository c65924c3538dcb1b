import { throttleKey } from '@curfew/accounts';
import { seconds } from '@curfew/session-policy';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ProtocolParts } from '../protocol-parts.js';
import { note } from '../refusals/note-refusals.js';

/** RFC 8628 §3.2: seconds a device waits between two polls. */
export const pollingInterval = 5;

/** Tells devices how long to wait between polls, which the library leaves to its default. */
export function announceInterval(ctx: KoaContextWithOIDC): void {
  const body = ctx.body as Record<string, unknown> | undefined;
  if (ctx.status === 200 && body?.['device_code']) body['interval'] = pollingInterval;
}

/** RFC 8628 §3.5: a device that polls faster than its interval is told to slow down, and must wait 5 seconds longer from then on. */
export async function slowDownDevices(ctx: KoaContextWithOIDC, { throttle }: ProtocolParts): Promise<void> {
  const body = ctx.body as Record<string, unknown> | undefined;
  if (body?.['error'] !== 'authorization_pending') return;
  const key = throttleKey('device-poll', String(ctx.oidc.params?.['device_code'] ?? ''));
  const verdict = await throttle.take(key, { count: 1, window: seconds(pollingInterval) });
  if (verdict.allowed) return;
  await throttle.mark(key, seconds(pollingInterval * 2));
  note(ctx, 'slow_down', { cause: 'polling_too_fast' });
  ctx.body = { error: 'slow_down', error_description: 'wait 5 seconds longer between polls' };
}
