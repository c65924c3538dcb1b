import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@curfew/clock';
import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, plus, type Seconds, seconds } from '@curfew/session-policy';

/** The one act that a link is good for; a closed list. */
export type LinkPurpose = 'invitation' | 'password_reset' | 'email_verification' | 'email_change' | 'not_me';

/** A link that was found: whose it is, and the thing it speaks of. */
export interface FoundLink {
  readonly accountId: string;
  readonly subject: string;
}

/** The subject of a link that chooses a password: the password it replaces, and the address it was sent to. Another of either ends the link. */
export const passwordSubject = (passwordChangedAt: Instant, email: string | null): string =>
  `${passwordChangedAt} ${email ?? ''}`;

/** The subject of a link that changes an address: the new one, and the version of the authenticators that the person had shown. */
export const emailChangeSubject = (address: string, version: string): string =>
  JSON.stringify([address, version]);

/** The parts of such a subject. */
export const readEmailChange = (subject: string): { readonly address: string; readonly version: string } => {
  const [address, version] = JSON.parse(subject) as [string, string];
  return { address, version };
};

/** How long a link can be used. */
export const linkLifetime: Seconds = seconds(20 * 60);

/** The most links of one purpose that an account has; the oldest go first. */
const maxLinks = 5;

// 256 random bits cannot be guessed, so a plain hash keeps them as well as a slow one would.
const hashOf = (token: string) => Uint8Array.from(createHash('sha256').update(token).digest());

/**
 * Links that are sent to a person and act once. The database knows a link by its hash; it is bound to a purpose, an account and a subject,
 * such as the address that it verifies.
 */
export class OneTimeLinks {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
  ) {}

  /** Makes a link; its secret part, which is told once. */
  async issue(purpose: LinkPurpose, { accountId, subject }: FoundLink, tx?: Transaction): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const now = this.clock.now();
    const db = tx ?? this.prisma;
    await db.$executeRaw`
      WITH made AS (
        INSERT INTO one_time_link (token_hash, purpose, account_id, subject, created_at, expires_at)
        VALUES (${hashOf(token)}, ${purpose}, ${accountId}::uuid, ${subject}, ${new Date(now)}, ${new Date(plus(now, linkLifetime))})
      )
      DELETE FROM one_time_link WHERE token_hash IN (
        SELECT token_hash FROM one_time_link WHERE account_id = ${accountId}::uuid AND purpose = ${purpose}
        ORDER BY created_at DESC OFFSET ${maxLinks - 1}::int)`;
    return token;
  }

  /** The link, which stays usable; null where there is none, or it has expired. Pages look at it before anybody acts. */
  async find(purpose: LinkPurpose, token: string): Promise<FoundLink | null> {
    return this.prisma.oneTimeLink.findFirst({
      where: { tokenHash: hashOf(token), purpose, expiresAt: { gt: new Date(this.clock.now()) } },
      select: { accountId: true, subject: true },
    });
  }

  /** Uses a link up. One of any number of attempts on any number of nodes gets it, and only if its transaction commits. */
  async use(purpose: LinkPurpose, token: string, tx: Transaction): Promise<FoundLink | null> {
    const [row] = await tx.$queryRaw<FoundLink[]>`
      DELETE FROM one_time_link WHERE token_hash = ${hashOf(token)} AND purpose = ${purpose}
        AND expires_at > ${new Date(this.clock.now())}
      RETURNING account_id::text AS "accountId", subject`;
    return row ?? null;
  }

  /**
   * As `issue`, unless the account has as many of them as it may: null, and those it has go on working. One node after the other counts.
   */
  async issueIfFew(purpose: LinkPurpose, link: FoundLink): Promise<string | null> {
    return this.prisma.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM account WHERE id = ${link.accountId}::uuid FOR NO KEY UPDATE`;
      const where = { accountId: link.accountId, purpose, expiresAt: { gt: new Date(this.clock.now()) } };
      return (await tx.oneTimeLink.count({ where })) >= maxLinks ? null : this.issue(purpose, link, tx);
    });
  }

  /** Deletes at most `limit` links that have expired and says how many. */
  async prune(limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM one_time_link WHERE token_hash IN (
        SELECT token_hash FROM one_time_link WHERE expires_at <= ${new Date(this.clock.now())}
        LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`;
  }
}
