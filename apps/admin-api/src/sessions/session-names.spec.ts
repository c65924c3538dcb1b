import { reuseClasses } from '@curfew/session-policy/decisions';
import { causeIn } from './session-names.js';

describe('the cause of an end or an event', () => {
  it.each(Object.keys(reuseClasses))('is the class of a reuse, whichever it is: %s', (name) => {
    expect(causeIn({ evidence: { class: name, differingSignals: ['ip'] } })).toBe(name);
  });

  it.each([
    [{ findings: [{ signal: 'ip', fields: ['country', 'network'] }] }, 'ip: country network'],
    [{ cause: 'wrong_password' }, 'wrong_password'],
    [{ evidence: {}, change: 'password' }, 'password'],
    [{ evidence: null, findings: [] }, null],
    [null, null],
  ])('is what was found otherwise: %j', (data, cause) => expect(causeIn(data)).toBe(cause));
});
