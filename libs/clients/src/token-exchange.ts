import type { Instant } from '@curfew/session-policy';
import type { Client, ExchangeRight, GrantType } from './client.js';

export type { ExchangeRight };

type Registered = Pick<Client, 'metadata'>;

/** RFC 8693 §2.1. */
export const tokenExchangeGrant: GrantType = 'urn:ietf:params:oauth:grant-type:token-exchange';

const mayExchange = ({ metadata }: Registered): boolean => metadata.grant_types.includes(tokenExchangeGrant);

/** The right of a client to exchange access tokens of people for tokens of this API, as it is now; undefined where it has none. */
export const exchangeRightFor = (client: Registered, audience: string): ExchangeRight | undefined =>
  mayExchange(client)
    ? client.metadata.token_exchange?.find(({ resource }) => resource === audience)
    : undefined;

/** Whether so many clients may act one for another by a right. */
export const allowsDepth = ({ max_depth = 1 }: ExchangeRight, depth: number): boolean => depth <= max_depth;

/** The scope values among these that a right covers, in their order. */
export function scopesWithin({ scope }: ExchangeRight, scopes: readonly string[]): string[] {
  const covered = new Set(scope.split(' '));
  return scopes.filter((one) => covered.has(one));
}

/**
 * Whether a client may still act by tokens that it exchanged at `issuedAt`. A change of its registration ends them all, so that no right
 * that was taken away comes back with the tokens that came of it (the class of CVE-2025-12110).
 */
export const mayStillAct = (client: Pick<Client, 'metadata' | 'updatedAt'>, issuedAt: Instant): boolean =>
  mayExchange(client) && client.updatedAt < issuedAt;
