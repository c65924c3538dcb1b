import { effectivePolicy } from './effective-policy.js';
import { profiles } from './profiles.js';
import { settingSources } from './setting-sources.js';
import { seconds } from './time.js';

const standard = profiles.standard.policy;
const quick = { ...standard, inactivityTimeout: seconds(300), idleWarning: seconds(60) };
const short = { ...standard, absoluteLifetime: seconds(3_600), idleWarning: seconds(600) };
const named = (matching: Record<string, typeof standard>) =>
  Object.entries(matching).map(([name, policy]) => ({ name, policy }));
const from = (matching: Record<string, typeof standard>, setting: string, place?: number) => {
  const [everyone, ...resources] = Object.values(matching);
  const effective = effectivePolicy({ everyone: everyone!, client: everyone, resources }, place);
  return settingSources(effective, named(matching), place).find(({ name }) => name === setting)?.from;
};

describe('the source of a setting', () => {
  it.each([
    ['the policy with the shortest timeout', { standard, quick }, 'inactivityTimeout', ['quick']],
    ['another policy for another setting', { quick, short }, 'absoluteLifetime', ['short']],
    ['every policy that says the same', { standard, short }, 'inactivityTimeout', ['standard', 'short']],
    ['no policy, where a warning was cut to the timeout of another', { quick, short }, 'idleWarning', []],
  ])('is %s', (_, matching, setting, expected) => {
    expect(from(matching as Record<string, typeof standard>, setting)).toEqual(expected);
  });

  it('is the canary only for accounts that are in it', () => {
    const tried = { ...standard, canary: { inactivityTimeout: seconds(60), share: 10 } } as typeof standard;
    expect(from({ tried, quick }, 'inactivityTimeout', 5)).toEqual(['tried']);
    expect(from({ tried, quick }, 'inactivityTimeout', 50)).toEqual(['quick']);
  });
});
