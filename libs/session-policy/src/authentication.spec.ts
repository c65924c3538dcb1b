import {
  type AuthenticationContext,
  authenticationContexts,
  contextOf,
  contextsMeeting,
  contextToTell,
  decideContext,
  methodsTogether,
  weakestOf,
} from './authentication.js';

const [sfa, mfa, phr] = authenticationContexts;

describe('the methods of a sign-in', () => {
  it.each([
    [[['pwd']], ['pwd'], sfa],
    [[['pwd'], ['otp']], ['pwd', 'otp', 'mfa'], mfa],
    [[['otp'], ['pwd'], ['pwd']], ['pwd', 'otp', 'mfa'], mfa],
    [[['hwk', 'user']], ['hwk', 'user'], sfa],
    [[['swk', 'user'], ['pwd']], ['pwd', 'swk', 'user', 'mfa'], phr],
    [[['hwk', 'user', 'mfa']], ['hwk', 'user', 'mfa'], phr],
    // Two things that one has are one kind of factor.
    [[['otp'], ['swk']], ['otp', 'swk'], sfa],
    [[['made-up']], [], undefined],
    [[], [], undefined],
  ])('%j together are %j, which is %s', (proofs, methods, context) => {
    expect(methodsTogether(...proofs)).toEqual(methods);
    expect(contextOf(methods)).toBe(context);
  });

  it('say nothing where none are known', () => expect(contextOf(undefined)).toBeUndefined());
});

describe('what is told of a context class', () => {
  it.each([
    [phr, [mfa], mfa],
    [phr, [mfa, phr], phr],
    [mfa, [phr], mfa],
    [sfa, ['gold'], sfa],
    [mfa, [sfa, mfa], mfa],
    [undefined, [sfa], undefined],
  ] as const)('proved %s, asked for %j: %s', (proved, asked, told) =>
    expect(contextToTell(proved, asked)).toBe(told),
  );

  it('contains the weaker ones', () => {
    expect(contextsMeeting([mfa])).toEqual([mfa, phr]);
    expect(contextsMeeting(['gold'])).toEqual(['gold']);
    expect(contextsMeeting([phr, sfa])).toEqual([phr, sfa, mfa]);
    expect(contextsMeeting([])).toEqual([]);
    expect(weakestOf([phr, mfa])).toBe(mfa);
    expect(weakestOf(['gold', 7])).toBeNull();
  });
});

describe('whether a sign-in reaches what is demanded', () => {
  const strength = (context: AuthenticationContext | null | undefined) =>
    context ? authenticationContexts.indexOf(context) + 1 : 0;
  const proofs = [undefined, ...authenticationContexts];
  const demands = [null, ...authenticationContexts];
  const all = proofs.flatMap((proved) =>
    demands.flatMap((required) =>
      demands.flatMap((wanted) => proofs.map((reachable) => ({ proved, required, wanted, reachable }))),
    ),
  );

  it('never answers below what is required, in any of the cases there are', () => {
    expect(all).toHaveLength(256);
    const below = all.filter(({ proved, required }) => strength(proved) < strength(required));
    expect(below.filter((question) => decideContext(question) === 'answer')).toEqual([]);
  });

  it('asks only for what the account can prove, and insists on no wish', () => {
    for (const question of all) {
      const { proved, required, wanted, reachable } = question;
      const decision = decideContext(question);
      if (decision === 'prove') expect(strength(reachable)).toBeGreaterThan(strength(proved));
      if (decision === 'unmet') expect(strength(reachable)).toBeLessThan(strength(required));
      const isMet = strength(proved) >= strength(required);
      if (isMet && strength(reachable) < strength(wanted)) expect(decision).toBe('answer');
    }
  });
});
