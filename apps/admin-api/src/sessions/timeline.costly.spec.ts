import { instant } from '@curfew/session-policy';
import type { StoredSession } from '@curfew/sessions/store';
import { timelineOf } from './timeline.js';

const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second));
const session = (more: Partial<StoredSession> = {}): StoredSession =>
  ({
    generation: 0,
    rotatedAt: null,
    retries: 0,
    startedAt: instant(at(0).getTime()),
    ...more,
  }) as StoredSession;

describe('the timeline of a session', () => {
  it('tells what happened, the oldest first', () => {
    const events = [
      { type: 'session.started', at: at(0), data: {} },
      { type: 'session.ended', at: at(9), data: { reason: 'logout' } },
    ];
    expect(timelineOf(session(), events).map(({ type }) => type)).toEqual([
      'session.started',
      'session.ended',
    ]);
  });

  it('sums up what is frequent, but not across what matters', () => {
    const retried = (second: number) => ({
      type: 'session.refresh_retried',
      at: at(second),
      data: { retries: second },
    });
    const events = [
      retried(1),
      retried(2),
      { type: 'session.step_up_required', at: at(3), data: {} },
      retried(4),
    ];
    expect(timelineOf(session(), events)).toEqual([
      expect.objectContaining({
        count: 2,
        at: at(1).toISOString(),
        until: at(2).toISOString(),
        data: { retries: 2 },
      }),
      expect.objectContaining({ type: 'session.step_up_required', count: 1, until: null }),
      expect.objectContaining({ count: 1, at: at(4).toISOString() }),
    ]);
  });

  it('places all refreshes at the last one, where there were any', () => {
    const refreshed = session({ generation: 7, rotatedAt: instant(at(5).getTime()) });
    const events = [
      { type: 'session.started', at: at(0), data: {} },
      { type: 'session.ended', at: at(9), data: {} },
    ];
    expect(timelineOf(refreshed, events).map(({ type, count }) => [type, count])).toEqual([
      ['session.started', 1],
      ['sessions.refreshed', 7],
      ['session.ended', 1],
    ]);
  });
});
