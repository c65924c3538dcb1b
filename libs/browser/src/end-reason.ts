import { passedSince } from './passed-time.js';
import type { CurfewEndReason } from './tabs.js';
import type { ToldClocks } from './tokens.js';

/** The server tells whole seconds, and its answer takes a moment, so a clock may have run out there by this much earlier. */
const roundingMs = 2_000;

const overByError: Readonly<Record<string, CurfewEndReason | 'by_clocks'>> = {
  invalid_grant: 'by_clocks',
  invalid_client: 'ended_elsewhere',
  unauthorized_client: 'ended_elsewhere',
  insufficient_user_authentication: 'proof_required',
  login_required: 'proof_required',
};

/** The reason for which a session is over, by the error of an endpoint and the clocks that the server told last; undefined where it may stand. */
export function endReasonBy(error: string, clocks: ToldClocks | undefined): CurfewEndReason | undefined {
  const reason = overByError[error];
  return reason === 'by_clocks' ? reasonByClocks(clocks) : reason;
}

function reasonByClocks(clocks: ToldClocks | undefined): CurfewEndReason {
  if (!clocks) return 'ended_elsewhere';
  const passed = passedSince(clocks.at) + roundingMs;
  if (passed >= clocks.absolute) return 'absolute_lifetime';
  return passed >= clocks.idle ? 'inactivity_timeout' : 'ended_elsewhere';
}
