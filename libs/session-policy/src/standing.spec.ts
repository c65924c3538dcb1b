import { after, aSession, t0 } from '../test/builders.js';
import { ended, endedBy, instant, type NotBefore, withNotBefores } from '../test/domain.js';

const entry = (at: number, reason: NotBefore['reason'], kind: NotBefore['kind'] = 'account'): NotBefore => ({
  kind,
  at: instant(at),
  reason,
});

describe('a not-before', () => {
  it.each([
    [-1, null],
    [0, 'account_disabled'],
    [1, 'account_disabled'],
  ])('%i ms from the sign-in gives the reason %s', (offset, reason) => {
    expect(endedBy(aSession(), [entry(t0 + offset, 'account_disabled')])).toBe(reason);
  });

  it('gives the reason of the earliest that covers the session', () => {
    const entries = [
      entry(after('3m'), 'restored_from_backup', 'everyone'),
      entry(after('1m'), 'client_disabled', 'client'),
      entry(after('2m'), 'account_disabled'),
      entry(t0 - 1, 'account_deleted'),
    ];
    expect(endedBy(aSession(), entries)).toBe('client_disabled');
    expect(withNotBefores(aSession(), entries).ended).toEqual({ at: after('1m'), reason: 'client_disabled' });
  });

  it('leaves alone what was authorized later, and an end that is already recorded', () => {
    expect(endedBy(aSession(), [])).toBeNull();
    const untouched = aSession();
    expect(withNotBefores(untouched, [entry(t0 - 1, 'logout')])).toBe(untouched);
    const over = ended(aSession(), 'logout', after('5m'));
    expect(withNotBefores(over, [entry(after('1m'), 'account_disabled')])).toBe(over);
  });
});
