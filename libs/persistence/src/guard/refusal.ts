/** Why a database server is not served from. */
export type RefusalKind = 'standby' | 'lost';

/**
 * The database may not be asked: the server is in recovery, or it lost something that was acknowledged. The code is that of SQLSTATE 57P03
 * (cannot_connect_now), so that whoever sees it answers 503 as for a database that cannot be reached.
 */
export class DatabaseRefused extends Error {
  override readonly name = 'DatabaseRefused';
  readonly code = '57P03';

  /** `advice` is for the log. It names the fault and what an operator does about it. */
  constructor(
    readonly kind: RefusalKind,
    readonly advice: string,
  ) {
    super(kind === 'lost' ? 'the database lost what was acknowledged' : 'the database server is no primary');
  }
}

/** A standby answers from a past that nobody can date. */
export const standbyRefused = (): DatabaseRefused =>
  new DatabaseRefused(
    'standby',
    'the database server is a standby (pg_is_in_recovery), so nothing is answered: point DATABASE_URL at the primary, or promote this server',
  );

/** An old primary that a failover left behind, or that came back. */
export const leftBehind = (timeline: number, current: number): DatabaseRefused =>
  new DatabaseRefused(
    'standby',
    `the database server is on WAL timeline ${timeline}, and timeline ${current} was served from already, so nothing is answered: stop the old primary`,
  );

/** The database lost something that was acknowledged; `what` says how that shows. */
export const databaseLost = (what: string): DatabaseRefused =>
  new DatabaseRefused(
    'lost',
    `the database lost what was acknowledged (${what}), so no token is honoured: run node apps/admin-api/dist/after-restore.js --yes, see docs/operations.md, "The database fails over"`,
  );

/**
 * A commit whose wait for the standby was cancelled (pg_cancel_backend; no timeout does it) is on the primary alone. PostgreSQL calls it done
 * and warns; a failover would lose it. So it is acknowledged to nobody, as any other request that the database could not answer.
 */
export class CommitUnconfirmed extends Error {
  override readonly name = 'CommitUnconfirmed';
  readonly code = '57014';

  constructor() {
    super('the wait for the standby was cancelled, so nobody knows whether the commit survives a failover');
  }
}
