import type { GatewayRoute } from './api-queries.js';

/** The requirements of a route in a few words. */
export function requirementWords(route: GatewayRoute): string {
  if (route.public) return 'nothing: everybody may pass';
  const { idle, absolute, max_auth_age: authAge, max_token_age: tokenAge } = route.timeouts;
  const demands = [
    route.scopes.length > 0 && `scope ${route.scopes.join(' ')}`,
    route.acr.length > 0 && `acr ${route.acr.join(' or ')}`,
    idle && `activity within ${idle}`,
    absolute && `a session of at most ${absolute}`,
    authAge && `a sign-in within ${authAge}`,
    tokenAge && `a token of at most ${tokenAge}`,
  ].filter(Boolean);
  return demands.length === 0 ? 'a good token' : `a good token, ${demands.join(', ')}`;
}

const verdicts = {
  takes_it: 'takes it',
  applies_too: 'applies, too',
  set_aside: 'set aside',
  comes_later: 'comes later',
  does_not_match: 'does not match',
} as const;

/** A verdict about a route in words. */
export const verdictWords = (verdict: keyof typeof verdicts): string => verdicts[verdict];

const reasons = {
  takes_it: 'It is the first route that the request matches exactly.',
  applies_too: 'Another program may read the path as one of this route, so its requirements apply, too.',
  set_aside: 'The request resembles its path, and no way to read it leads here.',
  comes_later: 'The request matches it, and an earlier route takes it.',
} as const;

/** The reason of a verdict. */
export const reasonOf = (verdict: keyof typeof verdicts, misfits: readonly string[]): string =>
  verdict === 'does_not_match' ? `Another ${misfits.join(', ')}` : reasons[verdict];
