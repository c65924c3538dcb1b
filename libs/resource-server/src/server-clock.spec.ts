import { ServerClock, type Steady } from './server-clock.js';

const steady = (at: number) => at as Steady;

describe('the clock of the authorization server, seen from here', () => {
  it('is never thought to be earlier than it can be', () => {
    const clock = new ServerClock();
    // The server said 1000 somewhere between 0 and 40 here.
    clock.learn(1_000, steady(0), steady(40));
    expect(clock.latest(steady(40))).toBe(1_040);
    expect(clock.now(steady(40))).toBe(1_020);
  });

  it('keeps the more exact of two measurements', () => {
    const clock = new ServerClock();
    clock.learn(1_000, steady(0), steady(2));
    clock.learn(1_105, steady(50), steady(150));
    expect(clock.latest(steady(150))).toBe(1_150);
  });

  it('follows when the clock was moved', () => {
    const clock = new ServerClock();
    clock.learn(1_000, steady(0), steady(2));
    clock.learn(7_201_050, steady(50), steady(150));
    expect(clock.now(steady(150))).toBe(7_201_100);
    clock.learn(1_200, steady(200), steady(260));
    expect(clock.latest(steady(260))).toBe(1_260);
  });

  it('measures anew from time to time', () => {
    const clock = new ServerClock();
    clock.learn(0, steady(0), steady(1));
    clock.learn(100_010, steady(100_000), steady(100_020));
    expect(clock.latest(steady(100_020))).toBe(100_030);
  });
});
