import { duration, flag } from './values.js';

/** Settings of the counts from which timeouts are chosen. */
export const insight = {
  CURFEW_INSIGHT: flag(
    'Counts how long sessions are silent, by client and never by person, so that timeouts can be chosen from evidence (docs/insight.md).',
    true,
  ),
  CURFEW_INSIGHT_RETENTION: duration('How long those counts are kept.', {
    min: '14d',
    max: '4000d',
    default: '180d',
  }),
};
