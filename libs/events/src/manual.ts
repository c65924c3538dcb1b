import { eventCatalogue, eventTypes } from '@curfew/session-policy/event-catalogue';
import { withFreshTables } from '@curfew/session-policy/settings';
import { alertPatterns, patterns } from './alerts/patterns.js';

const manners = { with_cause: 'with its cause', batched: 'in batches', counted: 'as a count' };

/** The tables of docs/events.md, each a heading and its rows. */
const tables = {
  events: () =>
    [
      ['event', 'meaning', 'written'],
      eventTypes.map((type) => {
        const { meaning, written } = eventCatalogue[type];
        return [`\`${type}\``, meaning, manners[written]];
      }),
    ] as const,
  alerts: () =>
    [
      ['pattern', 'severity', 'meaning', 'counted', 'answers'],
      alertPatterns.map((name) => {
        const { severity, meaning, distinct, answers } = patterns[name];
        const counted = distinct ? 'different ones' : 'all of them';
        return [`\`${name}\``, severity, meaning, counted, ['record', ...answers].join(', ')];
      }),
    ] as const,
};

/** A page with its marked tables of events and alerts made anew from the lists that the code uses. */
export const withFreshEventTables = (page: string): string => withFreshTables(page, tables);
