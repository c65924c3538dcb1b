import type { Play } from './scenario-queries.js';

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
