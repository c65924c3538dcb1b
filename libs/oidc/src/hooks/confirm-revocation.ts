import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ProtocolParts } from '../protocol-parts.js';
import { note } from '../refusals/note-refusals.js';

/**
 * With `confirm=true` a revocation is answered only when no gateway and no resource server lets the token pass any more.
 * The revocation itself is durable before; if that cannot be confirmed, the client may ask again.
 */
export async function confirmRevocation(
  ctx: KoaContextWithOIDC,
  { confirmEnd }: Pick<ProtocolParts, 'confirmEnd'>,
): Promise<void> {
  const body = ctx.oidc.body as Record<string, unknown> | undefined;
  if (ctx.status !== 200 || body?.['confirm'] !== 'true') return;
  const { confirmed } = await confirmEnd();
  if (confirmed) return;
  ctx.status = 503;
  note(ctx, 'temporarily_unavailable', { cause: 'unavailable' });
  ctx.set('Retry-After', '1');
  ctx.body = { error: 'temporarily_unavailable', error_description: 'revoked, but not confirmed in time' };
}
