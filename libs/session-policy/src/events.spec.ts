import { t0 } from '../test/builders.js';
import { type EventOf, eventCatalogue, eventTypes, isEventType, type SessionEvent } from '../test/domain.js';

describe('the list of events', () => {
  it('says of each in one sentence what it means', () => {
    for (const type of eventTypes) {
      expect(type).toMatch(/^[a-z]+\.[a-z_]+$/);
      expect(eventCatalogue[type].meaning).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('knows its own names and no others', () => {
    expect(eventTypes.every(isEventType)).toBe(true);
    expect(['', 'session', 'toString', '__proto__', 'session.Ended'].some(isEventType)).toBe(false);
  });

  it('writes with their cause whatever ends, grants or changes something', () => {
    const consequential = eventTypes.filter((type) =>
      /ended|started|reuse|changed|revoked|admin|consent|key/.test(type),
    );
    expect(consequential.filter((type) => eventCatalogue[type].written !== 'with_cause')).toEqual([]);
  });

  it('types the data of an event by its name', () => {
    const event: EventOf<'token.revoked'> = {
      type: 'token.revoked',
      at: t0,
      sessionId: 'session',
      accountId: null,
      clientId: 'client',
      data: { token: 'access_token', by: { kind: 'client', id: 'client', ip: null } },
    };
    const told = (any: SessionEvent): string => (any.type === 'token.revoked' ? any.data.token : 'other');
    expect(told(event)).toBe('access_token');
  });
});
