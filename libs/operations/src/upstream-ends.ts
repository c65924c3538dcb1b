import type { UpstreamEnd, UpstreamSessions } from '@curfew/artifacts';
import type { Transaction } from '@curfew/persistence';
import type { EndOutcome } from '@curfew/sessions/store';
import type { Author, OperationParts } from './author.js';
import { endSessions, type NamedEnds } from './end-sessions.js';

/** The dependencies of an end that another identity provider tells of. */
export interface UpstreamEndParts extends Pick<OperationParts, 'sessions' | 'clock'> {
  readonly upstreamSessions: UpstreamSessions;
}

/** Ends what came of one session at another identity provider, or of all those of a person there, by whatever message that is told (ADR 117). */
export async function endOfUpstream(
  parts: UpstreamEndParts,
  end: UpstreamEnd,
  author: Author,
  tx: Transaction,
): Promise<EndOutcome> {
  const named = async (names: NamedEnds): Promise<EndOutcome> =>
    Object.values(names).flat().length === 0
      ? { sessions: [], browserSessions: [] }
      : endSessions(parts, names, 'ended_by_identity_provider', author, tx);
  const over = await parts.upstreamSessions.over(end, parts.clock.now(), tx);
  const ofBrowsers = await named({ browserSessionUids: over.browserSessionUids });
  // After the browsers: an approval that is under way in one of them has been waited for, or is stopped by its end.
  const left = await named({ sessionIds: await parts.upstreamSessions.left(over, tx) });
  return {
    sessions: [...ofBrowsers.sessions, ...left.sessions],
    browserSessions: [...ofBrowsers.browserSessions, ...left.browserSessions],
  };
}
