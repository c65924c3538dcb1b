import type { EventEntry } from './event-entry.js';
import { eventsOfAdministration } from './events-of-administration.js';
import { eventsOfSessions } from './events-of-sessions.js';

const table = Object.assign({}, eventsOfSessions, eventsOfAdministration);

/** Names of everything that is recorded. Closed. */
export type EventType = keyof typeof table;

/** The data of each type of event beyond its subjects. */
export type EventData = { readonly [T in EventType]: NonNullable<(typeof table)[T]['data']> };

/** The closed list of events. Documentation, filters and checks of stored events read it from here. */
export const eventCatalogue: { readonly [T in EventType]: EventEntry } = table;

/** Every event type, in the order they are documented. */
export const eventTypes = Object.keys(eventCatalogue) as readonly EventType[];

/** Whether a string names an event of the closed list. */
export const isEventType = (name: string): name is EventType => Object.hasOwn(eventCatalogue, name);

/** Whether only the number of these events is written, outside the sealed history. */
export const isCounted = (type: EventType): boolean => eventCatalogue[type].written === 'counted';
