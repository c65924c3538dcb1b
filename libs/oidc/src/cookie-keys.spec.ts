import { CookieKeys } from './cookie-keys.js';

describe('the signature of a cookie', () => {
  // Made by keygrip 1.1 with its own defaults.
  const [made, madeEarlier] = ['1pHuS3o-6F1NU6grm287l-DswKo', 'ZO4sn08YHkPTmCz0kwj0_QG1X1s'];
  const cookie = 'curfew_session=abc';
  const keys = new CookieKeys(['new-key', 'old-key']);

  it('is that of the package whose cookies browsers may still hold', () => {
    expect(keys.sign(cookie)).toBe(made);
  });

  it('is known by each key, so that one by an older key can be replaced', () => {
    for (const _ of [1, 2]) expect([made, madeEarlier].map((one) => keys.index(cookie, one))).toEqual([0, 1]);
    expect(keys.verify(cookie, madeEarlier)).toBe(true);
  });

  it.each([
    ['of another cookie', 'curfew_session=abd', made],
    ['that is cut', cookie, made.slice(0, -1)],
    ['that is longer', cookie, `${made}A`],
    ['that is empty', cookie, ''],
    ['in another spelling of its last bits', cookie, `${made.slice(0, -1)}p`],
    ['by a key that is gone', cookie, new CookieKeys(['gone']).sign(cookie)],
  ])('%s is refused', (_, text, digest) => {
    expect([keys.index(text, digest), keys.verify(text, digest)]).toEqual([-1, false]);
  });

  it('stays right for more cookies than are remembered', () => {
    const cookies = Array.from({ length: 100 }, (_, n) => `curfew_session=${n}`);
    const signatures = cookies.map((one) => keys.sign(one));
    expect(new Set(signatures).size).toBe(100);
    expect(cookies.map((one, n) => keys.index(one, signatures[n]!))).toEqual(cookies.map(() => 0));
  });
});
