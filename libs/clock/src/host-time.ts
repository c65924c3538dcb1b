import type { Clock } from './clock.js';

// The only file that reads the time of the host. `Date` is bound here, at load, because `installAsProcessTime` replaces the globals later
// and the disciplined clock must not follow itself.
const HostDate = Date;
const readWallClock = Date.now;

/** The host's idea of the time, in milliseconds since the epoch; it may jump. */
export const wallClock = (): number => readWallClock.call(HostDate);

/** Milliseconds that only ever grow, whatever is done to the host's clock; their zero means nothing. */
export const steadyClock = (): number => performance.now();

/**
 * Makes `Date.now()` and `new Date()` of this process follow `clock`, because oidc-provider and jose ask them for the time
 * themselves. Returns a function that puts the host's clock back.
 */
export function installAsProcessTime(clock: Clock): () => void {
  const before = { constructor: globalThis.Date, now: HostDate.now };
  const now = (): number => clock.now();
  // A proxy, not a subclass: `instanceof Date` must go on holding for dates made before and by the runtime itself.
  const followed: DateConstructor = new Proxy(HostDate, {
    // Constructed as itself: with the proxy as `new.target` the engine would make a hidden class for every single date.
    construct: (target, values, newTarget) =>
      Reflect.construct(
        target,
        values.length === 0 ? [now()] : values,
        newTarget === followed ? target : newTarget,
      ) as Date,
    apply: (target) => new target(now()).toString(),
  });
  globalThis.Date = followed;
  HostDate.now = now;
  return () => {
    globalThis.Date = before.constructor;
    HostDate.now = before.now;
  };
}
