/** Every way a session can end. Closed: the row, the event, the metric label and the operator's timeline use these words. */
export const endReasons = [
  'inactivity_timeout',
  'absolute_lifetime',
  'refresh_token_reuse',
  'code_reuse',
  'revoked_by_client',
  'logout',
  'ended_by_user',
  'ended_by_administrator',
  'password_changed',
  'factor_changed',
  'account_disabled',
  'account_deleted',
  'client_disabled',
  'client_deleted',
  'consent_withdrawn',
  'session_limit',
  'policy_changed',
  'risk_ip',
  'risk_device',
  'risk_tls_fingerprint',
  'attack_pattern',
  'restored_from_backup',
] as const;

/** Why a session ended; one of the closed list. */
export type EndReason = (typeof endReasons)[number];

/** What each reason means, in one sentence for operators and documentation. */
export const endReasonMeanings: { readonly [Reason in EndReason]: string } = {
  inactivity_timeout: 'Nothing that counts as activity happened for the inactivity timeout.',
  absolute_lifetime: 'The absolute lifetime since the sign-in is over, however active the session was.',
  refresh_token_reuse:
    'A superseded refresh token was used, so two parties hold the lineage and one may be a thief.',
  code_reuse: 'The authorization code it started from was redeemed a second time.',
  revoked_by_client: 'The client revoked its refresh token (RFC 7009).',
  logout: 'The person signed out in the browser the session belongs to.',
  ended_by_user: 'The person ended it on the page "your sessions".',
  ended_by_administrator: 'An operator ended it.',
  password_changed: 'The password changed, and the policy ends other sessions then.',
  factor_changed: 'A second factor was set up, replaced or removed, and the policy ends other sessions then.',
  account_disabled: 'The account was disabled.',
  account_deleted: 'The account was deleted.',
  client_disabled: 'The client was disabled.',
  client_deleted: 'The client was deleted.',
  consent_withdrawn: 'The person took back what they had allowed the client.',
  session_limit: 'The account signed in once more than its policy allows, and this was the oldest session.',
  policy_changed: 'An operator changed its policy or its client in a way that it may not go on under.',
  risk_ip: 'Its network changed in a way for which the policy ends sessions.',
  risk_device: 'Browser, operating system or device changed, and the policy ends sessions for that.',
  risk_tls_fingerprint: 'The TLS fingerprint changed, and the policy ends sessions for that.',
  attack_pattern:
    'A pattern that looks like an attack passed its threshold, and the configuration ends sessions for that.',
  restored_from_backup:
    'The database was restored, and whatever was authorized before cannot be trusted any more.',
};

const administratorReasons: ReadonlySet<EndReason> = new Set([
  'ended_by_administrator',
  'account_disabled',
  'account_deleted',
  'client_disabled',
  'client_deleted',
  'policy_changed',
]);

/** Whether an administrator may name this reason; the others are findings of the service itself. */
export const administratorMayUse = (reason: EndReason): boolean => administratorReasons.has(reason);
