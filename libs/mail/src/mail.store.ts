import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, instant, plus } from '@curfew/session-policy';
import {
  type Letter,
  type MailDepth,
  type MailFacts,
  type MailKind,
  mailLifetimes,
  type NewMail,
  type TakenMail,
} from './mail.js';

/** Keeps the facts and letters of mail under a service key. */
export interface MailSeal {
  /** Sealed bytes that open only beside the same `context`. */
  close(text: string, context: string): Uint8Array;
  /** The text, or undefined when its key is gone. */
  open(sealed: Uint8Array, context: string): string | undefined;
}

/** A letter of the mailbox, with when it came. */
export interface KeptLetter extends Letter {
  readonly at: Instant;
}

interface TakenRow {
  id: string;
  kind: string;
  account_id: string | null;
  facts: Uint8Array;
  attempts: number;
  created_at: Date;
  expires_at: Date;
}

const factsOf = (id: string): string => `mail facts ${id}`;
const letterOf = (id: string): string => `mail letter ${id}`;

/** The most letters that the mailbox of development shows. */
const maxShown = 50;

/** The outbox of mail. A row is written in the commit of the act that it tells of. */
export class MailStore {
  constructor(
    private readonly prisma: PrismaService,
    private readonly seal: MailSeal,
  ) {}

  /** Adds mail that is due at once; mail that is there already stays as it is. */
  async put(mails: readonly NewMail[], now: Instant, tx?: Transaction): Promise<void> {
    if (mails.length === 0) return;
    const at = new Date(now);
    await (tx ?? this.prisma).mail.createMany({
      data: mails.map(({ id, kind, accountId, facts }) => ({
        id,
        kind,
        accountId,
        facts: Buffer.from(this.seal.close(JSON.stringify(facts), factsOf(id))),
        createdAt: at,
        nextAttemptAt: at,
        expiresAt: new Date(plus(now, mailLifetimes[kind])),
      })),
      skipDuplicates: true,
    });
  }

  /** Takes mail that is due, each for this node alone until `lostAt`, when an attempt that nobody reported about is taken for lost. */
  async take(now: Instant, lostAt: Instant, limit: number): Promise<readonly TakenMail[]> {
    // Most of the time nothing is due: a look changes and locks nothing.
    const due = await this.prisma.$queryRaw<unknown[]>`
      SELECT 1 FROM mail WHERE sent_at IS NULL AND next_attempt_at <= ${new Date(now)} LIMIT 1`;
    if (due.length === 0) return [];
    const rows = await this.prisma.$queryRaw<TakenRow[]>`
      UPDATE mail SET attempts = attempts + 1, next_attempt_at = ${new Date(lostAt)} WHERE id IN (
        SELECT id FROM mail WHERE sent_at IS NULL AND next_attempt_at <= ${new Date(now)}
        ORDER BY next_attempt_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
      RETURNING id::text AS id, kind, account_id::text AS account_id, facts, attempts, created_at, expires_at`;
    return rows.flatMap((row) => {
      const facts = this.seal.open(row.facts, factsOf(row.id));
      // Without its key nobody knows what it should say; it goes when it expires.
      if (facts === undefined) return [];
      return [
        {
          id: row.id,
          kind: row.kind as MailKind,
          accountId: row.account_id,
          facts: JSON.parse(facts) as MailFacts,
          attempt: row.attempts,
          createdAt: instant(row.created_at.getTime()),
          expiresAt: instant(row.expires_at.getTime()),
        },
      ];
    });
  }

  /** The mail is done with: it was sent, expired, or is for nobody. */
  async remove({ id }: TakenMail): Promise<void> {
    await this.prisma.mail.deleteMany({ where: { id } });
  }

  /** Keeps a letter for the mailbox, in place of sending it. */
  async keep({ id }: TakenMail, letter: Letter, now: Instant): Promise<void> {
    const sealed = Buffer.from(this.seal.close(JSON.stringify(letter), letterOf(id)));
    await this.prisma.mail.updateMany({ where: { id }, data: { sentAt: new Date(now), letter: sealed } });
  }

  /** The attempt failed and there will be another one; another node may have taken it meanwhile, which then decides. */
  async failed({ id, attempt }: TakenMail, cause: string, again: Instant): Promise<void> {
    const data = { nextAttemptAt: new Date(again), lastCause: cause };
    await this.prisma.mail.updateMany({ where: { id, attempts: attempt }, data });
  }

  /** The letters of the mailbox, the latest first. */
  async kept(): Promise<readonly KeptLetter[]> {
    const rows = await this.prisma.mail.findMany({
      where: { sentAt: { not: null } },
      orderBy: { sentAt: 'desc' },
      take: maxShown,
    });
    return rows.flatMap(({ id, letter, sentAt }) => {
      const text = letter && this.seal.open(letter, letterOf(id));
      return text && sentAt ? [{ ...(JSON.parse(text) as Letter), at: instant(sentAt.getTime()) }] : [];
    });
  }

  /** How much waits, and since when. */
  async depth(now: Instant): Promise<MailDepth> {
    const [row] = await this.prisma.$queryRaw<
      { waiting: number; failing: number; oldest: Date | null; cause: string | null }[]
    >`
      SELECT count(*)::int AS waiting, count(*) FILTER (WHERE last_cause IS NOT NULL)::int AS failing, min(created_at) AS oldest,
        (SELECT last_cause FROM mail WHERE sent_at IS NULL AND last_cause IS NOT NULL ORDER BY next_attempt_at DESC LIMIT 1) AS cause
      FROM mail WHERE sent_at IS NULL AND expires_at > ${new Date(now)}`;
    const { waiting = 0, failing = 0, oldest = null, cause = null } = row ?? {};
    return { waiting, failing, oldestMs: oldest ? Math.max(0, now - oldest.getTime()) : 0, lastCause: cause };
  }

  /** Deletes at most `limit` mails that have expired, sent or not, and says how many. */
  async prune(now: Instant, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM mail WHERE id IN (
        SELECT id FROM mail WHERE expires_at <= ${new Date(now)} LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`;
  }
}
