import type { TokenFacts } from '@curfew/resource-server';

/** The headers by which upstreams learn who is asking. All of them are always set, so that none can come from outside. */
export const identityHeaderNames = [
  'X-Curfew-Subject',
  'X-Curfew-Client',
  'X-Curfew-Session',
  'X-Curfew-Scope',
  'X-Curfew-Acr',
  'X-Curfew-Auth-Time',
] as const;

/** A value as exactly one header value: everything but visible ASCII is percent-encoded. */
const encoded = (value: string): string =>
  value.replace(/[^\x20-\x24\x26-\x7e]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
      .join(''),
  );

/** The identity headers for an upstream; a header is empty when nothing is known. */
export function identityHeaders(
  facts: TokenFacts | null,
): Record<(typeof identityHeaderNames)[number], string> {
  const seconds =
    facts?.authenticatedAt === undefined ? '' : String(Math.floor(facts.authenticatedAt / 1000));
  return {
    'X-Curfew-Subject': encoded(facts?.subject ?? ''),
    'X-Curfew-Client': encoded(facts?.clientId ?? ''),
    'X-Curfew-Session': encoded(facts?.sessionId ?? ''),
    'X-Curfew-Scope': encoded(facts?.scopes.join(' ') ?? ''),
    'X-Curfew-Acr': encoded(facts?.acr ?? ''),
    'X-Curfew-Auth-Time': seconds,
  };
}
