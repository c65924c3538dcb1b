import type { FeedEvent } from '../../feed/feed-state.js';
import type { Play, Step } from './scenario-queries.js';

/** How the state of a play is marked. */
export const outcomeLook = (state: Play['state']): 'good' | 'bad' | '' => {
  if (state === 'passed') return 'good';
  return state === 'failed' || state === 'broken' ? 'bad' : '';
};

/** The outcome of a play as a sentence. */
export const outcomeWords: Readonly<Record<Play['state'], string>> = {
  playing: 'It is being played.',
  passed: 'Everything happened as the scenario says.',
  failed: 'It went another way than the scenario says.',
  stopped: 'It was stopped, and what it made was removed.',
  broken: 'It could not be played to its end.',
};

/** How fast the end was felt: at the gateway first, which is where a thief would stand. */
export function denialOf(steps: readonly Step[]) {
  const denied = steps.filter(({ denied_after_ms: after }) => after !== null);
  const shown = denied.find(({ told }) => told.includes('gateway')) ?? denied[0];
  return (
    shown && {
      afterMs: shown.denied_after_ms,
      place: shown.told.includes('gateway') ? 'at the gateway' : 'at the API',
    }
  );
}

/** The remark on the end of a session of the play: how fast it was felt. */
export function remarkOn({ type, session_id: sid }: FeedEvent, play: Play | undefined): string | undefined {
  if (type !== 'session.ended' || sid === null) return undefined;
  const denied = denialOf(play?.steps.filter(({ session_id: one }) => one === sid) ?? []);
  return denied && `denied ${denied.place} after ${denied.afterMs} ms`;
}
