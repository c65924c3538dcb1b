import { fine, noted, wrong } from '@curfew/doctor';
import { withFindingsOfAdmin } from './two-doctors.js';

const none: ReadonlySet<string> = new Set();

describe('the findings of two machines', () => {
  it('are told once where this one has looked and found no better', () => {
    const here = [fine('clock', 'is right'), wrong('metadata', 'none'), noted('gateway', 'is away')];
    const there = [fine('clock', 'is right to 3 ms'), noted('metadata', 'odd'), noted('gateway', 'gone')];
    expect(withFindingsOfAdmin(here, there, none)).toEqual(here);
  });

  it('are both told where the admin API finds worse', () => {
    const there = [wrong('gateway', 'cannot be reached', 'start it'), fine('mail', 'answers')];
    const here = [fine('gateway', 'is ready')];
    expect(withFindingsOfAdmin(here, there, none)).toEqual([
      ...here,
      wrong('gateway', 'as the admin API sees it: cannot be reached', 'start it'),
      there[1],
    ]);
  });

  it('are both told where this machine has not looked, whatever it says instead', () => {
    const here = [noted('database', 'was not looked at'), wrong('metadata', 'the issuer is not known')];
    const there = [wrong('database', 'is too old'), noted('metadata', 'odd')];
    const found = withFindingsOfAdmin(here, there, new Set(['database', 'metadata']));
    expect(found.map(({ what, state }) => `${what} ${state}`)).toEqual([
      'database note',
      'metadata wrong',
      'database wrong',
      'metadata note',
    ]);
  });

  it('are both told where each machine has one of its own', () => {
    const here = [wrong('state folder', '/a is not there')];
    const there = [wrong('state folder', '/b cannot be written')];
    expect(withFindingsOfAdmin(here, there, none)).toHaveLength(2);
    expect(withFindingsOfAdmin(here, [fine('state folder', '/b')], none)).toEqual(here);
  });
});
