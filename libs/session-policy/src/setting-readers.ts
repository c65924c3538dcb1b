import type { SessionPolicy } from './policy.js';

/** The source file, and the exported name in it, that reads a setting and acts by it. */
export interface SettingReader {
  readonly file: string;
  readonly name: string;
}

/**
 * Of each setting of a policy, what reads it. The compiler asks for a line when SessionPolicy gains a field; a test looks each reader up, and
 * another one changes each setting and sees behaviour change. A setting that nothing reads must go.
 */
export const settingReaders: { readonly [Name in keyof SessionPolicy]: SettingReader } = {
  accessTokenLifetime: { file: 'libs/session-policy/src/access-token.ts', name: 'accessTokenLifetime' },
  accessTokenJitterPercent: { file: 'libs/session-policy/src/access-token.ts', name: 'accessTokenLifetime' },
  rotation: { file: 'libs/session-policy/src/refresh.ts', name: 'lastRefreshRow' },
  retryWindow: { file: 'libs/session-policy/src/refresh.ts', name: 'refreshRows' },
  retryLimit: { file: 'libs/session-policy/src/refresh.ts', name: 'refreshRows' },
  onReuse: { file: 'libs/session-policy/src/refresh.ts', name: 'refreshRows' },
  inactivityTimeout: { file: 'libs/session-policy/src/deadlines.ts', name: 'inactivityTimeoutOf' },
  absoluteLifetime: { file: 'libs/session-policy/src/deadlines.ts', name: 'absoluteDeadlineUnder' },
  activity: { file: 'libs/session-policy/src/lifecycle.ts', name: 'touched' },
  ipChange: { file: 'libs/session-policy/src/risk.ts', name: 'assessRisk' },
  ipGranularity: { file: 'libs/session-policy/src/risk.ts', name: 'assessRisk' },
  deviceMismatch: { file: 'libs/session-policy/src/risk.ts', name: 'assessRisk' },
  tlsFingerprintChange: { file: 'libs/session-policy/src/risk.ts', name: 'assessRisk' },
  sessionsPerAccount: { file: 'libs/sessions/src/session-service.ts', name: 'SessionService' },
  whenSessionsFull: { file: 'libs/sessions/src/session-service.ts', name: 'SessionService' },
  introspectionCache: {
    file: 'libs/token-endpoint/src/introspection/session-clocks.ts',
    name: 'cacheMaxAge',
  },
  onPasswordChange: { file: 'libs/operations/src/change-password.ts', name: 'passwordEndsSessions' },
  idleWarning: { file: 'libs/session-policy/src/deadlines.ts', name: 'idleWarningAt' },
  canary: { file: 'libs/session-policy/src/effective-policy.ts', name: 'effectivePolicy' },
};
