import { type ProvedPresence, StagedWrites } from '@curfew/artifacts';
import { type Instant, unknownSignals } from '@curfew/session-policy';
import { signedInBrowser } from '@curfew/session-policy/browser-sign-in';
import { profiles } from '@curfew/session-policy/settings';
import { withScope } from '../request-scope.js';
import { boundOf, goingOn } from './upstream-bound.js';

const at = (minutes: number): Instant => (1_800_000_000_000 + minutes * 60_000) as Instant;
const loginTs = (minutes: number): number => at(minutes) / 1_000;
const uid = 'browser';

/** The browser as it was read: signed in at minute 60, and bounded there at minute 90. */
const found = {
  payload: { uid, accountId: 'ada', loginTs: loginTs(60), notAfterMs: at(90) },
  signIn: signedInBrowser(profiles.standard.policy, at(60), at(90)),
  account: null,
};

interface Case {
  readonly proof?: ProvedPresence;
  readonly loginTs: number;
  readonly accountId?: string;
}

const proof = (minutes: number, endsAt: number | null): ProvedPresence => ({
  accountId: 'ada',
  at: at(minutes),
  upstream: {
    ...{ key: 'there', person: 'ada there', toldAt: at(minutes), isOneSession: true },
    endsAt: endsAt === null ? null : at(endsAt),
  },
});

function judged({ proof: given, accountId = 'ada', loginTs: second }: Case) {
  const staged = new StagedWrites();
  staged.noteBrowserSession(found);
  if (given) staged.notePresence(given);
  const signIn = { accountId, loginTs: second };
  return withScope({ now: at(61), signals: unknownSignals, staged }, () => ({
    goesOn: goingOn(uid, signIn) !== undefined,
    bound: boundOf(uid, signIn),
  }));
}

describe('a sign-in that goes on', () => {
  it.each<[string, Case, Instant]>([
    ['without a proof', { loginTs: loginTs(60) }, at(90)],
    ['with the proof that it began with', { loginTs: loginTs(60), proof: proof(60, 90) }, at(90)],
    ['with one that shortens it', { loginTs: loginTs(60), proof: proof(60, 80) }, at(80)],
    ['with one that says nothing, or more', { loginTs: loginTs(60), proof: proof(60, 200) }, at(90)],
  ])('%s: its bound is never moved back', async (_, asked, bound) => {
    expect(await judged(asked)).toEqual({ goesOn: true, bound });
  });
});

describe('a new sign-in in the same browser', () => {
  it.each<[string, Case, Instant | null]>([
    ['of a later proof', { loginTs: loginTs(61), proof: proof(61, 200) }, at(200)],
    ['of a later proof in the same second', { loginTs: loginTs(60), proof: proof(60.001, 200) }, at(200)],
    ['of a later proof that bounds nothing', { loginTs: loginTs(61), proof: proof(61, null) }, null],
    // A session at another provider may have begun before the person signed in here.
    ['of an older proof', { loginTs: loginTs(30), proof: proof(30, 200) }, at(200)],
    ['of an older proof that bounds nothing', { loginTs: loginTs(30), proof: proof(30, null) }, null],
    ['of somebody else', { loginTs: loginTs(60), accountId: 'bob' }, null],
  ])('%s has the bound that it brings, and not that of the one before', async (_, asked, bound) => {
    expect(await judged(asked)).toEqual({ goesOn: false, bound });
  });
});
