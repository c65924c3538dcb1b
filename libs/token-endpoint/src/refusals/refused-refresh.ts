import type { RefusedRefresh } from '@curfew/sessions';
import type { StatedCause } from './error-cause.js';

/** Why the domain refused a refresh token; the end's reason is a word of a closed list. */
export function causeOfRefusedRefresh(decision: RefusedRefresh): StatedCause {
  if (decision.kind === 'step_up') return { cause: 'step_up_required' };
  switch (decision.reason) {
    case 'unknown_token':
      return { cause: 'refresh_token_unknown' };
    case 'wrong_client':
      return { cause: 'issued_to_another_client' };
    case 'context_too_weak':
      return { cause: 'context_too_weak' };
    case 'wrong_key':
      return { cause: 'key_mismatch' };
    default:
      return { cause: 'session_over', detail: decision.reason };
  }
}
