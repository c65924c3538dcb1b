import { type HotStatement, Prisma, type PrismaService } from '@curfew/persistence';
import { type EndReason, type Instant, type SessionPolicy } from '@curfew/session-policy';
import { type BrowserSession } from '@curfew/session-policy/browser-sign-in';
import { deadlines, decideAccess } from '@curfew/session-policy/standing';
import {
  againstBrowser,
  type BrowserSessionColumns,
  browserSessionColumns,
  readBrowserSession,
  sessionsOfBrowser,
} from './browser-session-row.js';
import type { PolicySource } from './policy-source.js';
import type { BrowserSessionEnd } from './store/end-statement.js';
import type { EndWriter } from './store/end-writer.js';
import { absoluteDeadlineFrom } from './store/standing-statements.js';

/** Rows that one transaction of the sweep takes. */
const maxTogether = 200;
/** Rows that one statement looks at when limits are written. */
const maxWalked = 10_000;

type DueRow = [uid: string, isOver: boolean, endedBy: EndReason | null, ...BrowserSessionColumns];
type Run = Parameters<Parameters<PrismaService['prepared']>[0]>[0];

/**
 * Ends the sign-ins of browsers whose limits have passed, soon after they do, and deletes what is past its retention. Any number of nodes may
 * run one: rows are taken with SKIP LOCKED.
 */
export class BrowserSessionSweeper {
  /** A policy may have been shortened while nobody looked, so the first run looks. */
  #policiesChanged = true;

  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicySource,
    private readonly ends: EndWriter,
    private readonly walked = maxWalked,
  ) {}

  /** From the next run on, a shorter policy of everyone is the limit of every browser. */
  policiesChanged(): void {
    this.#policiesChanged = true;
  }

  /** One run, which stops early once `signal` is aborted. */
  async run(now: Instant, signal?: AbortSignal): Promise<void> {
    const policy = await this.policies.everyones();
    if (this.#policiesChanged) await this.#writeLimits(policy, signal);
    while (!signal?.aborted && (await this.#sweep(policy, now)) === maxTogether);
  }

  async #sweep(policy: SessionPolicy, now: Instant): Promise<number> {
    return this.prisma.prepared(async (run) => {
      const due = await run<DueRow>(takeDue, [now, maxTogether]);
      const over = due.filter(([, isOver]) => isOver).map(([uid]) => uid);
      if (over.length > 0) await run(forget, [over, now]);
      const standing = due.flatMap((row) => {
        const [uid, isOver, endedBy, ...columns] = row;
        const browser = isOver ? null : readBrowserSession(columns);
        return browser ? [{ uid, endedBy, browser }] : [];
      });
      await this.#judge(run, standing, policy, now);
      return due.length;
    });
  }

  async #judge(run: Run, due: readonly Due[], policy: SessionPolicy, now: Instant): Promise<void> {
    const ends: BrowserSessionEnd[] = [];
    const later: { uid: string; at: Instant }[] = [];
    for (const { uid, endedBy, browser } of due) {
      const reason = endedBy ?? reasonOf(browser, policy, now);
      if (reason) ends.push({ uid, at: now, reason });
      else later.push({ uid, at: deadlines(browser, policy).expiresAt });
    }
    await this.ends.endOn({ run }, { browserEnds: ends });
    if (later.length > 0) await run(postpone, [later.map(({ uid }) => uid), later.map(({ at }) => at)]);
  }

  /**
   * A limit that was once in force is written: a longer policy that follows does not bring back what it would have ended. It walks over all
   * rows, a bounded number with each statement; a walk that did not come to its end begins again in the next run.
   */
  async #writeLimits(policy: SessionPolicy, signal: AbortSignal | undefined): Promise<void> {
    this.#policiesChanged = false;
    let after: string | null = '';
    try {
      while (after !== null && !signal?.aborted) after = await this.#writeLimitsAfter(after, policy);
    } finally {
      this.#policiesChanged ||= after !== null;
    }
  }

  /** Writes the limits of the rows behind this one; the last that was looked at, or null where there is none. */
  async #writeLimitsAfter(
    after: string,
    { inactivityTimeout, absoluteLifetime }: SessionPolicy,
  ): Promise<string | null> {
    const absoluteDeadline = absoluteDeadlineFrom(
      Prisma.sql`b.signed_in_at`,
      Prisma.sql`${absoluteLifetime}::int`,
    );
    const [page] = await this.prisma.$queryRaw<{ last: string | null }[]>`
      WITH page AS MATERIALIZED (
        SELECT uid FROM browser_session WHERE uid > ${after} ORDER BY uid LIMIT ${this.walked}
      ), longer AS MATERIALIZED (
        SELECT b.uid, ${absoluteDeadline} AS absolute_deadline FROM browser_session b
        WHERE b.uid IN (SELECT uid FROM page) AND b.account_id IS NOT NULL AND b.ended_at IS NULL
          AND (b.inactivity_timeout IS NULL OR b.inactivity_timeout > ${inactivityTimeout}::int
            OR b.absolute_deadline IS NULL OR b.absolute_deadline > ${absoluteDeadline})
        ORDER BY b.uid FOR NO KEY UPDATE
      ), written AS (
        UPDATE browser_session b SET inactivity_timeout = LEAST(b.inactivity_timeout, ${inactivityTimeout}::int),
          absolute_deadline = LEAST(b.absolute_deadline, l.absolute_deadline),
          expires_at = LEAST(b.expires_at, l.absolute_deadline, COALESCE(b.last_active_at, b.signed_in_at) + make_interval(secs => ${inactivityTimeout}::int))
        FROM longer l WHERE b.uid = l.uid AND b.ended_at IS NULL
      )
      SELECT max(uid) AS last FROM page`;
    return page?.last ?? null;
  }
}

interface Due {
  readonly uid: string;
  readonly endedBy: EndReason | null;
  readonly browser: BrowserSession;
}

function reasonOf(browser: BrowserSession, policy: SessionPolicy, now: Instant): EndReason | null {
  const decision = decideAccess(browser, policy, now);
  return decision.kind === 'active' ? null : decision.reason;
}

const atNow = 'to_timestamp($1::float8 / 1000)';

const takeDue: HotStatement = {
  name: 'browser_session_due',
  text: `
    SELECT b.uid, b.ended_at IS NOT NULL OR b.signed_in_at IS NULL,
      (SELECT n.reason ${againstBrowser} ORDER BY n.at LIMIT 1), ${browserSessionColumns}
    FROM browser_session b, ${sessionsOfBrowser(atNow)}
    WHERE b.expires_at <= ${atNow} ORDER BY b.expires_at LIMIT $2::int FOR UPDATE OF b SKIP LOCKED`,
};

const forget: HotStatement = {
  name: 'browser_session_forget',
  // Offline sessions outlive their browser. Its row is all that leads to them from a session at another identity provider, so that one that came
  // of such a session stays as long as one of them lives, without the circumstances of the sign-in (ADR 117).
  // A browser that was signed out on purpose is remembered no more; its row was what said so until now.
  text: `
    WITH kept AS (
      UPDATE browser_session b SET expires_at = to_timestamp($2::float8 / 1000) + interval '1 day', baseline = NULL, end_detail = NULL
      WHERE b.uid = ANY($1::text[]) AND b.upstream IS NOT NULL
        AND EXISTS (SELECT 1 FROM session s WHERE s.browser_session_uid = b.uid AND s.account_id = b.account_id AND s.ended_at IS NULL)
      RETURNING b.uid
    ), gone AS (
      DELETE FROM browser_session WHERE uid = ANY($1::text[]) AND uid NOT IN (SELECT uid FROM kept) RETURNING uid, end_reason
    )
    DELETE FROM remembered_browser r USING gone
    WHERE r.browser_session_uid = gone.uid AND gone.end_reason NOT IN ('inactivity_timeout', 'absolute_lifetime')`,
};

const postpone: HotStatement = {
  name: 'browser_session_postpone',
  text: `
    UPDATE browser_session b SET expires_at = to_timestamp(l.at / 1000)
    FROM unnest($1::text[], $2::float8[]) AS l(uid, at) WHERE b.uid = l.uid AND b.ended_at IS NULL`,
};
