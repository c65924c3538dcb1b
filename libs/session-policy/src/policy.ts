import type { EndReach } from './end-reach.js';
import type { Seconds } from './time.js';

/** What a risk finding leads to, weakest first. */
export type RiskAction = 'off' | 'observe' | 'step_up' | 'end';

/** How much of the address must change to count. */
export type IpGranularity = 'exact' | 'prefix' | 'asn' | 'country';

/** A share of the accounts is under another inactivity timeout, so that its effect can be measured. */
export interface Canary {
  readonly inactivityTimeout: Seconds;
  /** In per cent. */
  readonly share: number;
}

/** How long sessions live and what ends them. Attached to a client, a resource or everyone; the strictest of those applies. */
export interface SessionPolicy {
  readonly accessTokenLifetime: Seconds;
  /** Shortens each access token by up to this many per cent, at random, so that refreshes do not come in waves. */
  readonly accessTokenJitterPercent: number;
  readonly rotation: 'always' | 'never';
  /** 0 is strict mode: any second use ends the session. */
  readonly retryWindow: Seconds;
  readonly retryLimit: number;
  /** How far the end reaches when a superseded refresh token is used. */
  readonly onReuse: EndReach;
  readonly inactivityTimeout: Seconds;
  readonly absoluteLifetime: Seconds;
  /** What keeps a session alive. NIST SP 800-63B-4 §5.2: a background refresh is no proof of a person. */
  readonly activity: 'refresh' | 'use' | 'refresh_or_use';
  readonly ipChange: RiskAction;
  readonly ipGranularity: IpGranularity;
  readonly deviceMismatch: RiskAction;
  readonly tlsFingerprintChange: RiskAction;
  /** null: unlimited. */
  readonly sessionsPerAccount: number | null;
  readonly whenSessionsFull: 'end_oldest' | 'refuse_new';
  readonly introspectionCache: Seconds;
  readonly onPasswordChange: 'end_others' | 'keep_others';
  readonly idleWarning: Seconds;
  /** null: every account is under the inactivity timeout. */
  readonly canary: Canary | null;
}
