import { profiles, type RequestSignals, type SessionPolicy, seconds } from '../src/index.js';
import { signals, someSignals } from './builders.js';

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const base = profiles.standard.policy;
/** Policies that may come into force at any moment. */
export const policies: readonly SessionPolicy[] = [
  base,
  profiles.sensitive.policy,
  profiles.mobile.policy,
  { ...base, retryWindow: seconds(0) },
  { ...base, rotation: 'never' },
  { ...base, activity: 'use', retryLimit: 1, onReuse: 'account' },
  { ...base, retryLimit: 0, onReuse: 'browser' },
  { ...base, activity: 'refresh', absoluteLifetime: seconds(3_600), deviceMismatch: 'end' },
];

/** Circumstances a request may come from; mostly those of the sign-in. */
export const elsewhere: readonly RequestSignals[] = [
  someSignals,
  someSignals,
  someSignals,
  signals({ ip: '192.0.2.99' }),
  signals({ asn: 64_999, country: 'FR' }),
  signals({ deviceId: 'device-2' }),
  signals({ deviceId: null, userAgentFamily: null }),
];
