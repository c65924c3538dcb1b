import { instant, plus, seconds } from '@curfew/session-policy';
import { studentQuantile } from '../student.js';
import {
  type AdaptationEvidence,
  type AdaptationSettings,
  type AdaptationState,
  decideAdaptation,
  freshState,
  parseAdaptation,
} from './index.js';

const now = instant(Date.UTC(2030, 5, 12));
const day = 86_400;
const ago = (days: number) => plus(now, seconds(-days * day));
const written = {
  mode: 'automatic',
  floor: '10m',
  ceiling: '1h',
  budget: { kind: 'sign_ins_per_person_day', max: 1 },
};
const settingsOf = (changes: object = {}): AdaptationSettings => {
  const parsed = parseAdaptation({ ...written, ...changes });
  if (!parsed.ok) throw new Error(parsed.violations.join());
  return parsed.settings;
};
/** Sign-ins again fall as the timeout grows: 1 for each person and day at 20 minutes. */
const signIns = (timeout: number) => ({
  value: 1_100 / timeout,
  low: 1_000 / timeout,
  high: 1_200 / timeout,
});
const plenty: AdaptationEvidence = {
  timeoutInForce: 1_800,
  hasCanary: false,
  days: 28,
  visits: 40_000,
  accounts: 200,
  foldShare: 0.08,
  halves: [signIns(1_800), signIns(1_800)],
  costOf: signIns,
  stageVisits: 6_000,
  guards: [],
  openAttackAlerts: 0,
  releasedAt: null,
};
const decide = (
  evidence: Partial<AdaptationEvidence> = {},
  state: Partial<AdaptationState> = {},
  settings = {},
) => decideAdaptation(settingsOf(settings), { ...freshState, ...state }, { ...plenty, ...evidence }, now);
const rollout = (stage: number, days = 7, looks = 0) => ({
  rollout: { from: 1_800, to: 1_380, stage, since: ago(days), startedAt: ago(days * stage), looks },
});

describe('the next step of a policy', () => {
  it('shortens by a quarter at most, as a tenth of the accounts first, towards the shortest timeout within the budget', () => {
    expect(decide()).toMatchObject({ kind: 'stage', stage: 1, to: 1_380 });
    expect(decide({ timeoutInForce: 1_380 })).toMatchObject({ kind: 'stage', to: 1_200 });
    expect(decide({ timeoutInForce: 1_200 })).toMatchObject({ kind: 'stay' });
  });

  it('is only proposed where the settings say so, and where it is longer', () => {
    expect(decide({}, {}, { mode: 'propose' })).toMatchObject({ kind: 'propose', to: 1_380 });
    expect(decide({ timeoutInForce: 600 })).toMatchObject({ kind: 'propose', to: 1_200 });
    expect(decide({ timeoutInForce: 7_200 })).toMatchObject({ kind: 'propose', to: 1_200 });
  });

  it('is none for four weeks after a rollout was taken back', () => {
    expect(decide({}, { rolledBackAt: ago(27) })).toMatchObject({
      kind: 'stay',
      reasons: ['the last rollout was taken back less than 28 days ago'],
    });
    expect(decide({}, { rolledBackAt: ago(28) }).kind).toBe('stage');
  });

  it('keeps exposure within its budget as well', () => {
    const exposure = { budget: { kind: 'exposure_hours_per_day', max: 1_500 } };
    const costOf = (timeout: number) => ({ value: timeout, low: timeout, high: timeout });
    const halves = [costOf(1_800), costOf(1_800)] as const;
    expect(decide({ costOf, halves }, {}, exposure)).toMatchObject({ kind: 'stage', to: 1_380 });
    expect(decide({ costOf, halves, timeoutInForce: 1_200 }, {}, exposure)).toMatchObject({
      kind: 'stay',
    });
  });

  it.each([
    ['days', { days: 13 }, '13 of 14 days'],
    ['visits', { visits: 14_999 }, '14999 of 15000 visits were seen, enough in about 1 day'],
    ['accounts', { accounts: 199 }, '199 of 200 accounts'],
    ['one part of the accounts', { foldShare: 0.5 }, '50 % of the silences'],
    ['halves to compare', { halves: null }, 'too little was counted in a half'],
    ['a drift', { halves: [signIns(1_800), signIns(1_200)] as const }, 'drifts'],
    ['a canary of a person', { hasCanary: true }, 'a person has set'],
  ])('is none while there is too little to go by: %s', (_, evidence, reason) => {
    const decision = decide(evidence);
    expect([decision.kind, decision.reasons.join()]).toEqual(['stay', expect.stringContaining(reason)]);
  });

  it.each([
    ['one part of the accounts', { foldShare: 0.5 }, '50 % of the silences'],
    ['a drift', { halves: [signIns(1_800), signIns(1_200)] as const }, 'drifts'],
  ])('does not follow where the evidence is unfit, in a rollout either: %s', (_, evidence, reason) => {
    const decision = decide(evidence, rollout(1));
    expect([decision.kind, decision.reasons.join()]).toEqual(['stay', expect.stringContaining(reason)]);
  });

  it.each([
    ['an open alert', { openAttackAlerts: 1 }, {}, 'alert'],
    ['a release', { releasedAt: ago(13.9) }, {}, 'released'],
    [
      'a day of the calendar',
      {},
      { frozen: [{ from: '2030-06-12', to: '2030-06-12' }] },
      'frozen by the settings',
    ],
  ])('is frozen by %s, and so are the stages of a rollout', (_, evidence, settings, reason) => {
    for (const state of [{}, rollout(1)]) {
      const decision = decide(evidence, state, settings);
      expect([decision.kind, decision.reasons.join()]).toEqual(['freeze', expect.stringContaining(reason)]);
    }
    expect(
      decide({ releasedAt: ago(14) }, {}, { frozen: [{ from: '2030-06-10', to: '2030-06-11' }] }).kind,
    ).toBe('stage');
  });

  it('follows a week after the last one, and never when it is off', () => {
    expect(decide({}, { tightenedAt: ago(6) }).kind).toBe('stay');
    expect(decide({}, { tightenedAt: ago(7) }).kind).toBe('stage');
    expect(decide({}, {}, { mode: 'off' })).toEqual({ kind: 'stay', reasons: ['adaptation is off'] });
  });
});

describe('a rollout', () => {
  it('goes from a tenth to half to all, each for a week and 5,000 visits at least', () => {
    expect(decide({}, rollout(1, 6.9)).kind).toBe('stay');
    expect(decide({ stageVisits: 4_999 }, rollout(1)).kind).toBe('stay');
    expect(decide({}, rollout(1))).toMatchObject({ kind: 'stage', stage: 2, to: 1_380 });
    expect(decide({}, rollout(2))).toMatchObject({ kind: 'stage', stage: 3 });
    expect(decide({ timeoutInForce: 1_380 }, rollout(3)).kind).toBe('finish');
  });

  it('is left to whoever changed the policy meanwhile', () => {
    expect(decide({ timeoutInForce: 1_700 }, rollout(1)).kind).toBe('abandon');
    expect(decide({}, rollout(3)).kind).toBe('abandon');
  });

  it('is rolled back at once where a guard is passed with certainty, also while frozen; the more often it is looked at, the more that takes', () => {
    const guards = [{ name: 'visits lost', value: 0.1, error: 0.015, folds: 16, limit: 0.02 }];
    for (const stage of [1, 2, 3]) {
      const timeoutInForce = stage === 3 ? 1_380 : 1_800;
      const harmed = { guards, timeoutInForce, openAttackAlerts: 3, stageVisits: 10 };
      expect(decide(harmed, rollout(stage, 0.5))).toMatchObject({ kind: 'roll_back', to: 1_800 });
    }
    expect(decide({ guards }, rollout(1, 3, 40)).kind).toBe('stay');
    expect(decide({ guards: [{ ...guards[0]!, error: 0.05 }] }, rollout(1, 3)).kind).toBe('stay');
    expect(decide({ guards: [{ ...guards[0]!, error: Number.NaN }] }, rollout(1, 3)).kind).toBe('stay');
  });

  it('is rolled back where the bounds have changed so that it may not go on', () => {
    expect(decide({}, rollout(1), { floor: '25m' })).toMatchObject({ kind: 'roll_back', to: 1_800 });
  });

  it('raises a false alarm no more often over all its nights than its certainty says', () => {
    const looks = Array.from({ length: 400 }, (_, index) => 0.01 / ((index + 1) * (index + 2)));
    expect(looks.reduce((sum, share) => sum + share, 0)).toBeLessThan(0.01);
    expect(studentQuantile(0.025, 15)).toBeCloseTo(2.131449545559323, 6);
    expect(studentQuantile(0.005, 15)).toBeCloseTo(2.946712883338615, 6);
  });
});

it.each([
  [{ mode: 'on' }, 'mode is "on", but must be one of off, propose, automatic'],
  [{ floor: '10 minutes' }, 'floor is "10 minutes", but must be a duration'],
  [
    { ceiling: '99d' },
    'ceiling is "99d", but must be a duration such as 15m, between 60 seconds and 30 days',
  ],
  [{ floor: '2h' }, 'floor is "2h", but must be at most the ceiling'],
  [{ floor: '20m', compliance: 'pci-dss' }, 'at most the 900 seconds that pci-dss allows'],
  [{ compliance: 'gdpr' }, 'compliance is "gdpr", but must be one of pci-dss'],
  [{ budget: { kind: 'sign_ins_per_person_day', max: -1 } }, 'a max above 0'],
  [{ budget: undefined }, 'budget is missing'],
  [{ frozen: [{ from: '2030-02-02', to: '2030-02-01' }] }, 'pairs of days'],
  [{ speed: 3 }, 'speed is 3, but must be left out'],
])('settings that make no sense name the field, the value and what is allowed: %j', (changes, sentence) => {
  const parsed = parseAdaptation({ ...written, ...changes });
  expect(parsed.ok ? '' : parsed.violations.join()).toContain(sentence);
});
