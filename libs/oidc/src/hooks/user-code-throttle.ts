import { throttleKey } from '@curfew/accounts';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ProtocolParts } from '../protocol-parts.js';
import { note } from '../refusals/note-refusals.js';
import type { RequestScope } from '../request-scope.js';
import { sendToDevicePage } from './device-notices.js';

/**
 * RFC 8628 §5.1: a user code is short enough to be typed, so guesses are counted, by network, before the code is looked
 * up. The right code takes its count back. True when this request may go on.
 */
export async function userCodeAllowed(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  parts: ProtocolParts,
): Promise<boolean> {
  if (ctx.method !== 'POST' || ctx.path !== `${parts.basePath}/device`) return true;
  const verdict = await parts.throttle.take(keyFor(scope), parts.userCodeGuesses);
  if (verdict.allowed) return true;
  const { retryAfter } = verdict;
  note(ctx, 'slow_down', { cause: 'too_many_attempts' });
  ctx.set('Retry-After', String(retryAfter));
  sendToDevicePage(ctx, parts, { page: 'code', problem: 'too_many_attempts', status: 429, retryAfter });
  return false;
}

/** A code that was found is no guess. */
export async function forgetRightCode(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  parts: ProtocolParts,
): Promise<void> {
  if (ctx.oidc?.route === 'code_verification' && ctx.method === 'POST' && ctx.oidc.entities.DeviceCode) {
    await parts.throttle.giveBack(keyFor(scope), parts.userCodeGuesses);
  }
}

const keyFor = ({ signals }: RequestScope): string => throttleKey('user-code', signals.prefix ?? '');
