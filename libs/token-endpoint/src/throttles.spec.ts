import { instant, plus, seconds } from '@curfew/session-policy';
import { RateBuckets, RefreshThrottle } from './throttles.js';

const t0 = instant(1_800_000_000_000);
const after = (length: number) => plus(t0, seconds(length));

describe('a bucket', () => {
  it('holds so many, and fills up again evenly', () => {
    const buckets = new RateBuckets({ count: 6, window: seconds(60) });
    const takes = Array.from({ length: 8 }, () => buckets.take('api', t0));
    expect(takes).toEqual([null, null, null, null, null, null, 10, 10]);
    expect(buckets.take('api', after(4))).toBe(6);
    expect([buckets.take('api', after(10)), buckets.take('api', after(10))]).toEqual([null, 10]);
    expect(Array.from({ length: 7 }, () => buckets.take('api', after(1_000))).at(-2)).toBeNull();
    expect(buckets.take('api', after(1_000))).toBe(10);
  });

  it('is each caller’s own, and looking takes nothing', () => {
    const buckets = new RateBuckets({ count: 1, window: seconds(60) });
    expect([buckets.wait('a', t0), buckets.wait('a', t0), buckets.take('a', t0)]).toEqual([null, null, null]);
    expect([buckets.wait('a', t0), buckets.take('b', t0)]).toEqual([60, null]);
  });

  it('gains nothing where the clock goes back', () => {
    const buckets = new RateBuckets({ count: 1, window: seconds(60) });
    buckets.take('a', t0);
    expect(buckets.take('a', instant(t0 - 3_600_000))).toBe(60);
  });

  it('is forgotten when there are too many, the longest unused first', () => {
    const buckets = new RateBuckets({ count: 1, window: seconds(60) }, 3);
    for (const key of ['a', 'b', 'c', 'a', 'd']) buckets.take(key, t0);
    expect(['a', 'b', 'c', 'd'].map((key) => buckets.wait(key, t0))).toEqual([60, null, 60, 60]);
  });
});

describe('refused refreshes', () => {
  const refused = () =>
    new RefreshThrottle({ count: 3, window: seconds(60) }, (token) =>
      token.startsWith('genuine') ? token : undefined,
    );
  const from = (network: string | null, token: string, clientId = 'web') => ({ clientId, network, token });

  it('hold back what was never ours and what was refused a moment ago, and nothing that may be good', () => {
    const throttle = refused();
    throttle.count(from('203.0.113.0/24', 'genuine-over'), true, t0);
    throttle.count(from('203.0.113.0/24', 'garbage'), true, t0);
    expect(throttle.wait(from('203.0.113.0/24', 'garbage'), t0)).toBeNull();
    throttle.count(from('203.0.113.0/24', 'garbage'), true, t0);
    expect(throttle.wait(from('203.0.113.0/24', 'garbage'), t0)).toBe(20);
    expect(throttle.wait(from('203.0.113.0/24', 'genuine-over'), t0)).toBe(20);
    expect(throttle.wait(from('203.0.113.0/24', 'genuine-other'), t0)).toBeNull();
    expect(throttle.wait(from('203.0.113.0/24', 'garbage'), after(20))).toBeNull();
  });

  it('of a session that lives hold nothing of it back, so that its reuse is found', () => {
    const throttle = refused();
    const holder = from('203.0.113.0/24', 'genuine-stolen');
    throttle.count(holder, false, t0);
    for (let turn = 0; turn < 3; turn += 1) throttle.count(from('203.0.113.0/24', 'garbage'), true, t0);
    expect(throttle.wait(from('203.0.113.0/24', 'garbage'), t0)).toBe(20);
    expect(throttle.wait(holder, t0)).toBeNull();
  });

  it('are counted by client and network', () => {
    const throttle = refused();
    for (let turn = 0; turn < 3; turn += 1) throttle.count(from('203.0.113.0/24', 'garbage'), true, t0);
    expect(throttle.wait(from('198.51.100.0/24', 'garbage'), t0)).toBeNull();
    expect(throttle.wait(from(null, 'garbage'), t0)).toBeNull();
    expect(throttle.wait(from('203.0.113.0/24', 'garbage', 'native'), t0)).toBeNull();
  });

  it('are remembered of ten thousand sessions, the oldest of which makes room for one more', () => {
    const throttle = new RefreshThrottle({ count: 1, window: seconds(60) }, (token) => token as never);
    for (let n = 0; n < 10_000; n += 1) throttle.count(from(null, `${n}`), true, t0);
    expect([throttle.wait(from(null, '0'), t0), throttle.wait(from(null, '9999'), t0)]).toEqual([60, 60]);
    throttle.count(from(null, 'one more'), true, t0);
    expect([throttle.wait(from(null, '0'), t0), throttle.wait(from(null, '1'), t0)]).toEqual([null, 60]);
  });

  it('of a session are remembered for one window', () => {
    const throttle = refused();
    throttle.count(from(null, 'genuine-over'), true, t0);
    const later = after(60);
    for (let turn = 0; turn < 3; turn += 1) throttle.count(from(null, 'garbage'), true, later);
    expect(throttle.wait(from(null, 'genuine-over'), later)).toBeNull();
  });
});
