import { createHash } from 'node:crypto';
import { Prisma, type PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, instant, plus, type SessionPolicy, seconds } from '@curfew/session-policy';
import { authenticatorsOf } from './factor-lock.js';

/** A browser in which a person is not asked for a second step at the sign-in, as they and operators see it. */
export interface RememberedBrowser {
  readonly browser: string | null;
  readonly system: string | null;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
}

/** A browser that is to be remembered: the random value of its cookie, and the sign-in in which its person said so. */
export interface NewRememberedBrowser extends Pick<RememberedBrowser, 'browser' | 'system'> {
  readonly accountId: string;
  readonly token: string;
  /** The value that its cookie had for this account until now, which counts no more. */
  readonly replaces?: string | undefined;
  /** The version of the authenticators that the person has shown. */
  readonly version: string;
  readonly browserSessionUid: string;
}

const sha256 = (text: string) => Uint8Array.from(createHash('sha256').update(text).digest());
const hashOf = (accountId: string, token: string) => sha256(JSON.stringify([accountId, token]));

/** Whether a row still counts: for these authenticators, in time, and unless its browser was signed out on purpose. A timeout is no purpose. */
const counts = (version: string, now: Instant): Prisma.Sql => Prisma.sql`
  r.authenticators_hash = ${sha256(version)} AND r.expires_at > ${new Date(now)}
  AND NOT EXISTS (SELECT 1 FROM browser_session b WHERE b.uid = r.browser_session_uid AND b.ended_at IS NOT NULL
    AND b.end_reason NOT IN ('inactivity_timeout', 'absolute_lifetime'))`;

/** How long the policy lets a browser be remembered; null where it does not. */
export const rememberedUntil = (
  { rememberedBrowserDays }: Pick<SessionPolicy, 'rememberedBrowserDays'>,
  now: Instant,
): Instant | null =>
  rememberedBrowserDays === 0 ? null : plus(now, seconds(rememberedBrowserDays * 86_400));

/**
 * Browsers in which people are not asked for a second step at the sign-in. Being remembered proves nothing: such a sign-in is one by password
 * alone, and wherever more is demanded the person is asked (NIST SP 800-63B-4 §3.1 knows no authenticator like it). It ends with its time,
 * with any change of the password or the factors, with an end of the account, and where its browser is signed out on purpose.
 */
export class RememberedBrowsers {
  constructor(private readonly prisma: PrismaService) {}

  /** Remembers a browser until then. */
  async remember(
    browser: NewRememberedBrowser,
    now: Instant,
    until: Instant,
    tx: Transaction,
  ): Promise<void> {
    const { accountId, token, replaces, version, ...rest } = browser;
    const data = {
      ...{ ...rest, accountId, authenticatorsHash: sha256(version) },
      ...{ createdAt: new Date(now), expiresAt: new Date(until) },
    };
    if (replaces !== undefined)
      await tx.rememberedBrowser.deleteMany({ where: { tokenHash: hashOf(accountId, replaces) } });
    await tx.rememberedBrowser.create({ data: { tokenHash: hashOf(accountId, token), ...data } });
  }

  /** Whether the browser with this value is remembered for the account, by a policy that allows it since then. */
  async knows(accountId: string, token: string, since: Instant, now: Instant): Promise<boolean> {
    const { version } = await authenticatorsOf(accountId, this.prisma);
    const rows = await this.prisma.$queryRaw<unknown[]>`
      SELECT 1 FROM remembered_browser r WHERE r.token_hash = ${hashOf(accountId, token)} AND r.account_id = ${accountId}::uuid
        AND r.created_at > ${new Date(since)}
        AND ${counts(version, now)}`;
    return rows.length === 1;
  }

  /**
   * The browser is signed in anew: an end of that sign-in ends its being remembered from now on. One that counts no more stays as it is, so
   * that a sign-in does not bring back what a sign-out has ended.
   */
  async follow(accountId: string, token: string, browserSessionUid: string, now: Instant): Promise<void> {
    const { version } = await authenticatorsOf(accountId, this.prisma);
    await this.prisma.$executeRaw`
      UPDATE remembered_browser r SET browser_session_uid = ${browserSessionUid}
      WHERE r.token_hash = ${hashOf(accountId, token)} AND ${counts(version, now)}`;
  }

  /** Those of an account that still count, the latest first. */
  async ofAccount(accountId: string, now: Instant): Promise<readonly RememberedBrowser[]> {
    const { version } = await authenticatorsOf(accountId, this.prisma);
    const rows = await this.prisma.$queryRaw<
      { browser: string | null; system: string | null; createdAt: Date; expiresAt: Date }[]
    >`
      SELECT r.browser, r.system, r.created_at AS "createdAt", r.expires_at AS "expiresAt" FROM remembered_browser r
      WHERE r.account_id = ${accountId}::uuid AND ${counts(version, now)}
      ORDER BY r.created_at DESC LIMIT 100`;
    return rows.map(({ createdAt, expiresAt, ...rest }) => ({
      ...rest,
      createdAt: instant(createdAt.getTime()),
      expiresAt: instant(expiresAt.getTime()),
    }));
  }

  /** Forgets all browsers of an account, or of everybody; how many there were. */
  async forget(accountId: string | null, tx: Transaction): Promise<number> {
    const whose = accountId === null ? Prisma.sql`true` : Prisma.sql`account_id = ${accountId}::uuid`;
    const gone = await tx.$queryRaw<unknown[]>`DELETE FROM remembered_browser WHERE ${whose} RETURNING 1`;
    return gone.length;
  }

  /** Deletes at most `limit` of those whose time is over, and says how many. */
  async prune(now: Instant, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM remembered_browser WHERE token_hash IN (
        SELECT token_hash FROM remembered_browser WHERE expires_at <= ${new Date(now)} LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`;
  }
}
