import type { PrismaService, Transaction } from '@curfew/persistence';
import { retrying } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import type { BrowserSessionEnd } from './store/end-statement.js';
import type { EndedBrowserSession, EndOutcome, EndWriter } from './store/end-writer.js';
import type { CameOf, JointEnd } from './store/joint-ends.js';
import { atDate as at } from './store/session-columns.js';

/** The most browser sessions of an account that end in the commit of a mass end. */
const maxTogether = 1000;

/** Ends browser sessions. */
export class BrowserSessionEnds {
  constructor(
    private readonly prisma: PrismaService,
    private readonly ends: EndWriter,
  ) {}

  /** Ends those that have not ended, each with its one event; durable when it returns, or with `transaction` where that is given. */
  end(
    ends: readonly BrowserSessionEnd[],
    transaction?: Transaction,
  ): Promise<readonly EndedBrowserSession[]> {
    return this.ends.endBrowsers(ends, transaction);
  }

  /** Ends sessions with the browsers they came of, or browsers with what they signed in; in one commit, or with `transaction`. */
  endJointly(act: JointEnd, transaction?: Transaction): Promise<EndOutcome> {
    return this.ends.endJointly(act, transaction);
  }

  /** Does `work` in `transaction`, or in one of its own that is tried again where it lost against others. */
  async within<T>(transaction: Transaction | undefined, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return transaction ? work(transaction) : retrying(() => this.prisma.$transaction(work));
  }

  /** Locks those of these browser sessions that have not ended; a session that starts in one of them waits from here on. */
  async hold(uids: readonly string[], transaction: Transaction): Promise<readonly EndedBrowserSession[]> {
    if (uids.length === 0) return [];
    return transaction.$queryRaw<EndedBrowserSession[]>`
      SELECT uid, account_id::text AS "accountId" FROM browser_session
      WHERE uid = ANY(${[...uids]}::text[]) AND account_id IS NOT NULL AND ended_at IS NULL ORDER BY uid FOR UPDATE`;
  }

  /** The sessions of these people that came of their browser sessions and have not ended and were authorized after an instant. */
  async sessionsSince(
    of: readonly EndedBrowserSession[],
    begunAfter: Instant,
    transaction: Transaction,
  ): Promise<readonly CameOf[]> {
    if (of.length === 0) return [];
    const [uids, accountIds] = [of.map(({ uid }) => uid), of.map(({ accountId }) => accountId)];
    return transaction.$queryRaw<CameOf[]>`
      SELECT s.id::text AS id, s.browser_session_uid AS uid, s.account_id::text AS "accountId" FROM session s
      WHERE (s.browser_session_uid, s.account_id) IN (SELECT * FROM unnest(${uids}::text[], ${accountIds}::uuid[]))
        AND s.ended_at IS NULL AND s.signed_in_at > ${at(begunAfter)}::timestamptz ORDER BY s.id`;
  }

  /** The browser sessions of an account, as far as somebody signed in there at or before `until`; bounded, the sweeper ends the rest. */
  async ofAccount(accountId: string, until: Instant, transaction?: Transaction): Promise<readonly string[]> {
    const rows = await (transaction ?? this.prisma).$queryRaw<{ uid: string }[]>`
      SELECT uid FROM browser_session
      WHERE account_id = ${accountId}::uuid AND ended_at IS NULL AND signed_in_at <= ${at(until)} ORDER BY uid LIMIT ${maxTogether}`;
    return rows.map(({ uid }) => uid);
  }
}
