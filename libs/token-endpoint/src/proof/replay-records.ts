import type { ArtifactKey } from '@curfew/artifacts';
import { type Instant, instant, plus, seconds } from '@curfew/session-policy';
import type { ProofRecord } from '@curfew/sessions/store';
import { hashOfId } from '@curfew/tokens';
import { lifetimes } from '../lifetimes.js';

/**
 * Names a proof or an assertion by its client and its `jti`; one that is known by this name passes no more (RFC 9449 §11.1, RFC 7523 §3).
 */
export const replayKey = (shownBy: string, jti: string): ArtifactKey => ({
  kind: 'ReplayDetection',
  id: JSON.stringify([shownBy, jti]),
});

/** A proof dated in the future is valid for longer than the library would remember it; `exp` is in seconds. */
export const rememberedUntil = (now: Instant, exp = 0): Instant =>
  instant(Math.max(exp * 1000, plus(now, seconds(lifetimes.dpopReplay))));

/** The same record, to be written together with what the proof was shown for. */
export function proofRecord(shownBy: string, jti: string, now: Instant): ProofRecord {
  const { kind, id } = replayKey(shownBy, jti);
  return { kind, idHash: hashOfId(id), expiresAt: rememberedUntil(now) };
}
