import { standbysOf } from './failover.store.js';

const standby = { name: 'second', sync_state: 'async', behind: '3 MB', late_ms: 900 };
const alone = { recovering: false, waits: false, commit: 'on', standbys: [] };

it.each([
  ['no standby at all', alone, 'note', /no standby follows/],
  [
    'one that confirms',
    { ...alone, waits: true, standbys: [{ ...standby, sync_state: 'sync' }] },
    'ok',
    /^second confirms each commit/,
  ],
  [
    'some of which as many confirm as must',
    { ...alone, waits: true, standbys: [{ ...standby, sync_state: 'quorum' }, standby] },
    'ok',
    /^second confirms/,
  ],
  [
    'one that should confirm and is away',
    { ...alone, waits: true, standbys: [standby] },
    'wrong',
    /no standby confirms, so commits wait/,
  ],
  [
    'one that would confirm, if commits waited',
    { ...alone, commit: 'local', standbys: [{ ...standby, sync_state: 'sync' }] },
    'wrong',
    /synchronous_commit is local/,
  ],
  [
    'one that lags',
    { ...alone, standbys: [standby] },
    'note',
    /loses what it lacks.*second lacks 3 MB \(900 ms\)$/,
  ],
  [
    'one of which a role without rights sees nothing',
    { ...alone, standbys: [{ ...standby, behind: null, late_ms: null }] },
    'note',
    /second lacks an unknown amount$/,
  ],
  ['a server that is one itself', { ...alone, recovering: true }, 'wrong', /this server is a standby/],
] as const)('the doctor says about standbys: %s', (_, facts, state, detail) => {
  const found = standbysOf(facts);
  expect(found).toMatchObject({ what: 'failover', state, detail: expect.stringMatching(detail) });
  expect('advice' in found).toBe(state === 'wrong');
});
