import { unreachable } from '@curfew/session-policy/decisions';
import { newSecret, openSuccessor, type RefreshToken, secretMatches } from '@curfew/tokens';
import type { OpenedRefreshToken } from './refresh-outcome.js';
import type { StoredSession } from './store/session-store.js';

/** Which secret of the session, if any, this token carries. */
export const matchOf = (token: RefreshToken, session: StoredSession): OpenedRefreshToken['matches'] => {
  if (token.generation === session.generation)
    return secretMatches(token.secret, session.tokenHash) ? 'current' : 'none';
  if (token.generation !== session.generation - 1) return 'none';
  return openSuccessor(token, session.successorSeal) ? 'previous' : 'none';
};

/** A new secret to rotate to, the same token to keep, what the seal holds for the parent's holder, or none for a sibling. */
export const secretToHandOut = (
  kind: 'rotate' | 'keep' | 'replay' | 'sibling',
  { token, session }: OpenedRefreshToken,
): Buffer | undefined => {
  switch (kind) {
    case 'rotate':
      return newSecret();
    case 'keep':
      return token.secret;
    case 'replay':
      return openSuccessor(token, session.successorSeal)!;
    case 'sibling':
      return undefined;
    default:
      return unreachable(kind);
  }
};
