import { aPolicy } from '../test/builders.js';
import {
  administratorMayUse,
  type EndReason,
  endReaches,
  endReasonEntry,
  endReasons,
  profileNames,
  profiles,
  reachOf,
} from '../test/domain.js';

describe('how far an end reaches', () => {
  /** A reason that is new need not stand here: the last tests hold for every reason, and what it ends is tested where it is given. */
  const expected = {
    inactivity_timeout: 'session',
    absolute_lifetime: 'session',
    refresh_token_reuse: 'session',
    code_reuse: 'session',
    revoked_by_client: 'session',
    logout: 'session',
    ended_by_user: 'browser',
    ended_by_administrator: 'browser',
    ended_by_identity_provider: 'browser',
    password_changed: 'account',
    factor_changed: 'account',
    account_disabled: 'account',
    account_deleted: 'account',
    client_disabled: 'session',
    client_deleted: 'session',
    consent_withdrawn: 'session',
    session_limit: 'session',
    policy_changed: 'session',
    risk_ip: 'browser',
    risk_device: 'browser',
    risk_tls_fingerprint: 'browser',
    attack_pattern: 'browser',
    restored_from_backup: 'account',
  } satisfies { readonly [Reason in EndReason]?: string };

  it.each(Object.entries(expected))('is fixed for %s', (reason, reach) =>
    expect(reachOf(reason as EndReason)).toBe(reach),
  );

  it.each(endReaches)('is what onReuse says, and only for reuse: %s', (onReuse) => {
    for (const reason of endReasons) {
      const reach = reason === 'refresh_token_reuse' ? onReuse : endReasonEntry(reason).reach;
      expect(reachOf(reason, onReuse)).toBe(reach);
    }
  });

  it('goes beyond the session exactly where the browser has to bring proof for everything', () => {
    for (const reason of endReasons.filter((one) => one !== 'logout')) {
      const signedOut = reachOf(reason) !== 'session';
      expect([reason, endReasonEntry(reason).silentReturn === 'proof']).toEqual([reason, signedOut]);
    }
  });

  it('has a sentence that says why for each reason', () => {
    for (const reason of endReasons) expect(endReasonEntry(reason).why).toMatch(/^[A-Z].*\.$/);
  });

  it.each(['of_a_newer_version', 'toString', '__proto__', ''])(
    'is not asked of a reason that this version does not know, and no silent return is allowed: %j',
    (reason) => {
      expect(reachOf(reason as EndReason)).toBe('session');
      expect(endReasonEntry(reason)).toMatchObject({
        silentReturn: 'proof_at_that_client',
        initiator: 'policy',
        meaning: 'The session ended.',
      });
      expect(administratorMayUse(reason as EndReason)).toBe(false);
    },
  );

  it('is a browser for reuse in the stricter profiles, and a session in the others', () => {
    const wider = profileNames.filter((name) => profiles[name].policy.onReuse === 'browser');
    expect(wider).toEqual(['sensitive', 'pci-dss', 'nist-aal2', 'nist-aal3', 'hipaa', 'kiosk']);
    expect(aPolicy().onReuse).toBe('session');
  });
});
