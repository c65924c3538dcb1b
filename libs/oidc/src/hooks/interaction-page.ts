import { hashOfId } from '@curfew/tokens';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { detailsOf } from '../interaction-details.js';
import type { ProtocolParts } from '../protocol-parts.js';
import type { RequestScope } from '../request-scope.js';

/**
 * The first page of an authorization stands in the answer to its request; the library would send the browser there. Going back to it
 * or loading it again asks anew instead of finding that it has expired (ADR 35). A pushed request cannot be asked again after a minute, so
 * its page stays at the interaction's own address.
 */
export async function showInteraction(
  ctx: KoaContextWithOIDC,
  { staged, failure, browserId, now }: RequestScope,
  { pages, clients, timeoutReturns }: ProtocolParts,
): Promise<void> {
  const { Interaction: interaction, PushedAuthorizationRequest: pushed } = ctx.oidc.entities;
  if (!interaction || pushed || failure !== undefined || ctx.status !== 303) return;
  const details = await detailsOf(interaction, clients, staged);
  if (browserId !== undefined && details.prompt.name === 'login')
    timeoutReturns?.shown(hashOfId(browserId), details.client.id, now);
  const { html, headers } = await pages.interaction(details, ctx.req);
  ctx.remove('Location');
  ctx.status = 200;
  ctx.set({ ...headers });
  ctx.body = html;
}
