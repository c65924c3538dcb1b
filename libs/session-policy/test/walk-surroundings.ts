import { signals, someSignals } from './builders.js';
import { profiles, type RequestSignals, type SessionPolicy, seconds } from './domain.js';

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
  {
    ...profiles.agent.policy,
    ...{ siblingDistance: 3, siblingWindow: seconds(300), siblingLimit: 2 },
    ...{ retryWindow: seconds(10), deviceMismatch: 'observe' },
  },
  { ...profiles.agent.policy, retryLimit: 1, siblingLimit: null, deviceMismatch: 'end' },
  { ...base, activity: 'refresh', absoluteLifetime: seconds(3_600), deviceMismatch: 'end' },
];

/** Circumstances a request may come from; mostly those of the sign-in. */
export const elsewhere: readonly RequestSignals[] = [
  someSignals,
  someSignals,
  someSignals,
  signals({ ip: '192.0.2.99' }),
  signals({ asn: 64_999, country: 'FR' }),
  signals({ ip: '198.51.100.9', prefix: '198.51.100.0/24' }),
  signals({ deviceId: 'device-2' }),
  signals({ deviceId: null, userAgentFamily: null }),
];
