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
  'restored_from_backup',
] as const;

export type EndReason = (typeof endReasons)[number];

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
