import { instant, plus, seconds } from '@curfew/session-policy';
import fc from 'fast-check';
import {
  afterStage,
  ceilingOf,
  decideAdaptation,
  freshState,
  type ParsedAdaptation,
  parseAdaptation,
} from './index.js';

const now = instant(Date.UTC(2030, 5, 12));
const ago = (days: number) => plus(now, seconds(-days * 86_400));

it('whatever is seen, nothing passes floor or ceiling, nothing is lengthened without a person, and no step is larger than a quarter', () => {
  const anyEstimate = fc.record({ value: fc.double(), low: fc.double(), high: fc.double() });
  const anyEvidence = fc.record({
    timeoutInForce: fc.integer({ min: 60, max: 90_000 }),
    hasCanary: fc.boolean(),
    days: fc.constantFrom(0, 14, 60),
    visits: fc.constantFrom(0, 15_000, 1e6),
    accounts: fc.constantFrom(0, 200),
    foldShare: fc.double({ min: 0, max: 1 }),
    halves: fc.option(fc.tuple(anyEstimate, anyEstimate)),
    costOf: fc.func(anyEstimate),
    stageVisits: fc.constantFrom(0, 5_000, 1e6),
    guards: fc.array(
      fc.record({
        ...{ name: fc.string(), value: fc.double(), error: fc.double(), limit: fc.double() },
        folds: fc.double({ min: 4, max: 16, noNaN: true }),
      }),
      { maxLength: 2 },
    ),
    openAttackAlerts: fc.constantFrom(0, 0, 1),
    releasedAt: fc.constantFrom(null, null, ago(3)),
  });
  const anySettings = fc
    .record({
      mode: fc.constantFrom('propose', 'automatic'),
      floor: fc.integer({ min: 60, max: 4_000 }),
      ceiling: fc.integer({ min: 60, max: 90_000 }),
      compliance: fc.constantFrom(null, 'pci-dss', 'nist-aal2', 'nist-aal3'),
      budget: fc.record({
        kind: fc.constantFrom('sign_ins_per_person_day', 'exposure_hours_per_day'),
        max: fc.double({ min: 0.1, max: 1e5, noNaN: true }),
      }),
    })
    .map((input): ParsedAdaptation => parseAdaptation(input))
    .filter((parsed) => parsed.ok);
  const anyStage = fc.option(
    fc.record({
      from: fc.integer({ min: 60, max: 90_000 }),
      to: fc.integer({ min: 60, max: 90_000 }),
      stage: fc.integer({ min: 1, max: 3 }),
    }),
  );
  fc.assert(
    fc.property(anySettings, anyEvidence, anyStage, (parsed, evidence, stage) => {
      if (!parsed.ok) return;
      const { settings } = parsed;
      const state = stage ? afterStage(freshState, stage, ago(8)) : freshState;
      const before = stage ? (stage.stage === 3 ? stage.to : stage.from) : evidence.timeoutInForce;
      const decision = decideAdaptation(settings, state, { ...evidence, timeoutInForce: before }, now);
      expect(decision.reasons.length).toBeGreaterThan(0);
      if (!('to' in decision)) return;
      expect(decision.to).toBeGreaterThanOrEqual(settings.floor);
      expect(decision.to).toBeLessThanOrEqual(ceilingOf(settings));
      if (decision.kind === 'stage' && !stage) {
        expect(settings.mode).toBe('automatic');
        expect(decision.to).toBeLessThan(before);
        expect(decision.to).toBeGreaterThanOrEqual(before * 0.75);
      }
      if (decision.kind === 'stage' && stage) expect(decision.to).toBe(stage.to);
    }),
    { numRuns: 500 },
  );
});
