import { instant } from '@curfew/session-policy';
import { Followers, leaseMs, maxFollowersOfClient, TooManyFollowers } from './followers.js';

const now = instant(1_800_000_000_000);

describe('followers', () => {
  let at = 0;
  const time = () => at;
  beforeEach(() => {
    at = 1_000;
  });

  it('that have a stream and say nothing are stale from the second probe on, and are told of once', async () => {
    const followers = new Followers();
    followers.join('orders-api', now, at);
    expect(await followers.probe('first', time)).toEqual([]);
    at += 10_000;
    expect(await followers.probe('second', time)).toEqual(['orders-api']);
    at += 10_000;
    expect(await followers.probe('third', time)).toEqual([]);
    expect(followers.report(at)).toMatchObject([{ clientId: 'orders-api', stale: true }]);
  });

  it('that speak again and deny the next probe are stale no more, and are told of when they fail again', async () => {
    const followers = new Followers();
    const follower = followers.join('orders-api', now, at);
    await followers.probe('first', time);
    at += 10_000;
    await followers.probe('second', time);
    followers.acknowledge({ follower, done: [] }, now, at);
    const probed = followers.probe('third', time);
    at += 7;
    followers.acknowledge({ follower, done: ['third'] }, now, at);
    expect(await probed).toEqual([]);
    expect(followers.report(at)).toMatchObject([{ timeToDenyMs: 7, stale: false }]);
    at += leaseMs + 1;
    expect(followers.report(at)).toMatchObject([{ stale: true }]);
    expect(await followers.probe('fourth', time)).toEqual(['orders-api']);
  });

  it('that have left are told of to nobody', async () => {
    const followers = new Followers();
    followers.leave(followers.join('orders-api', now, at));
    await followers.probe('first', time);
    expect(await followers.probe('second', time)).toEqual([]);
    expect(followers.report(at)).toEqual([]);
  });

  it('are as many as one client may have, and no more; those of others have their own room', () => {
    const followers = new Followers();
    const ids = Array.from({ length: maxFollowersOfClient }, () => followers.join('orders-api', now, at));
    expect(() => followers.join('orders-api', now, at)).toThrow(TooManyFollowers);
    expect(followers.join('invoices-api', now, at)).toBeDefined();
    followers.leave(ids[0]!);
    expect(followers.join('orders-api', now, at)).toBeDefined();
    expect(() => followers.join('orders-api', now, at)).toThrow(TooManyFollowers);
  });

  it('that have left with a lease keep their place until it is over', () => {
    const followers = new Followers();
    const ids = Array.from({ length: maxFollowersOfClient }, () => followers.join('orders-api', now, at));
    followers.acknowledge({ follower: ids[0]!, done: [] }, now, at);
    followers.leave(ids[0]!);
    expect(() => followers.join('orders-api', now, at)).toThrow(TooManyFollowers);
    at += leaseMs;
    expect(followers.join('orders-api', now, at)).toBeDefined();
  });

  it('that say that they have left are waited for no more, and have no place any more', async () => {
    const clientId = 'orders-api';
    const followers = new Followers();
    const ids = Array.from({ length: maxFollowersOfClient }, () => followers.join('orders-api', now, at));
    const [one, other] = ids as [string, string];
    for (const follower of [one, other]) followers.acknowledge({ follower, done: [] }, now, at);
    let isOver = false;
    const asked = followers.allHaveDone('an end', time).then(() => {
      isOver = true;
    });
    expect(followers.acknowledge({ follower: one, clientId, done: [], left: true }, now, at)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    followers.acknowledge({ follower: other, clientId, done: [], left: true }, now, at);
    await asked;
    expect(followers.acknowledge({ follower: one, done: [] }, now, at)).toBe(false);
    expect(followers.join('orders-api', now, at)).toBeDefined();
  });

  it('have their own client’s word alone: another one neither renews a lease, nor carries anything out, nor leaves', async () => {
    const followers = new Followers();
    const follower = followers.join('orders-api', now, at);
    const own = { follower, clientId: 'orders-api', done: [] };
    const foreign = { follower, clientId: 'invoices-api' };
    expect(followers.acknowledge({ ...foreign, done: [] }, now, at)).toBe(false);
    expect(followers.report(at)).toMatchObject([{ acknowledgedAt: null, stale: true }]);
    expect(followers.acknowledge(own, now, at)).toBe(true);
    let isOver = false;
    const asked = followers.allHaveDone('an end', time).then(() => {
      isOver = true;
    });
    expect(followers.acknowledge({ ...foreign, done: ['an end'] }, now, at)).toBe(false);
    expect(followers.acknowledge({ ...foreign, done: [], left: true }, now, at)).toBe(false);
    // Passed on by a node of an earlier version, which names no client: it may renew a lease, and not end it.
    expect(followers.acknowledge({ follower, done: [], left: true }, now, at)).toBe(false);
    expect(followers.acknowledge({ follower, done: [] }, now, at)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect([isOver, followers.report(at).length]).toEqual([false, 1]);
    followers.acknowledge({ ...own, done: ['an end'] }, now, at);
    await asked;
    expect(followers.acknowledge({ ...own, left: true }, now, at)).toBe(true);
    expect(followers.report(at)).toEqual([]);
  });

  it('that a node sent away have all left when each has said so; one without a lease trusts nothing', async () => {
    const clientId = 'orders-api';
    const followers = new Followers();
    const [one, other] = [0, 1].map(() => followers.join('orders-api', now, at)) as [string, string];
    followers.join('orders-api', now, at);
    for (const follower of [one, other]) followers.acknowledge({ follower, done: [] }, now, at);
    let isOver = false;
    const over = followers.allHaveLeft(time).then(() => {
      isOver = true;
    });
    followers.acknowledge({ follower: one, clientId, done: [], left: true }, now, at);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    followers.acknowledge({ follower: other, clientId, done: [], left: true }, now, at);
    await over;
    await followers.allHaveLeft(time);
  });
});
