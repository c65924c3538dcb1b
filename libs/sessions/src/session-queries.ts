import { Prisma, type PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, type RequestSignals, unknownSignals } from '@curfew/session-policy';
import { deadlines, decideAccess, idleWarningAt, withNotBefores } from '@curfew/session-policy/standing';
import { isUuid } from '@curfew/tokens';
import type { PolicySource } from './policy-source.js';
import type { SessionSummary } from './session-summary.js';
import { atDate as at } from './store/session-columns.js';
import { type FoundRow, foundColumns, readFound } from './store/session-read.js';
import type { StoredSession } from './store/session-store.js';
import { isCovered, rowStands } from './store/standing-statements.js';
import type { Lineage } from './store/sweep-store.js';

/** The maximum number of sessions that a list shows. */
const maxListed = 500;

/** Reading sessions for people; decides nothing and changes nothing. */
export class SessionQueries {
  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicySource,
  ) {}

  /** The account's sessions that stand at `now`, newest first. */
  async liveOfAccount(accountId: string, now: Instant): Promise<readonly SessionSummary[]> {
    const rows = await this.prisma.$queryRaw<FoundRow[]>`
      SELECT ${Prisma.raw(foundColumns)}, false AS token_revoked
      FROM session s WHERE s.account_id = ${accountId}::uuid AND ${rowStands(now)}
      ORDER BY s.id DESC LIMIT ${maxListed}`;
    const summaries = await Promise.all(rows.map((row) => this.#summary(row, now)));
    return summaries.filter((summary) => summary !== null);
  }

  /** Clients and resources of the account's sessions that stand at `now` by their rows; they select the policies. */
  async lineagesOfAccount(
    accountId: string,
    now: Instant,
    transaction?: Transaction,
  ): Promise<readonly Lineage[]> {
    const rows = await (transaction ?? this.prisma).$queryRaw<{ client_id: string; resources: string[] }[]>`
      SELECT DISTINCT s.client_id, s.resources FROM session s
      WHERE s.account_id = ${accountId}::uuid AND ${rowStands(now)}`;
    return rows.map(({ client_id: clientId, resources }) => ({ clientId, resources }));
  }

  /** Ids of the sessions of one account with one client that stand at `now` by their rows. */
  async liveOfClient(
    accountId: string,
    clientId: string,
    now: Instant,
    transaction?: Transaction,
  ): Promise<readonly string[]> {
    const rows = await (transaction ?? this.prisma).$queryRaw<{ id: string }[]>`
      SELECT s.id::text AS id FROM session s
      WHERE s.account_id = ${accountId}::uuid AND s.client_id = ${clientId} AND ${rowStands(now)}`;
    return rows.map(({ id }) => id);
  }

  /** Ids of a client's live sessions that were signed in from one browser and do not outlive it. */
  async liveOfBrowser(browserSessionUid: string, clientId: string): Promise<readonly string[]> {
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT id::text AS id FROM session WHERE browser_session_uid = ${browserSessionUid} AND NOT offline AND ended_at IS NULL
         AND client_id = ${clientId}`;
    return rows.map(({ id }) => id);
  }

  /** Whether there is a record of this session, live or ended; any text may be asked for. */
  async exists(id: string): Promise<boolean> {
    return isUuid(id) && (await this.prisma.session.count({ where: { id } })) > 0;
  }

  /** Whether an act that ended everything of the account, or of everyone, covers what the account authorized at this instant. */
  async isEndedSince(accountId: string, authorizedAt: Instant): Promise<boolean> {
    const [row] = await this.prisma.$queryRaw<{ ended: boolean }[]>`
      SELECT ${Prisma.raw(isCovered({ account: 'a.account', at: 'a.at' }))} AS ended
      FROM (SELECT ${accountId}::text AS account, ${at(authorizedAt)}::timestamptz AS at) a`;
    return row?.ended === true;
  }

  /** Whether an access token that is a client's own still stands: neither the token nor everything of the client was ended since it was made. */
  async clientStands(clientId: string, issuedAt: Instant, tokenHash: Uint8Array): Promise<boolean> {
    const rows = await this.prisma.$queryRaw<{ stands: boolean }[]>`
      SELECT NOT EXISTS (SELECT 1 FROM revoked_token WHERE token_hash = ${tokenHash})
         AND NOT ${Prisma.raw(isCovered({ client: 'a.client', at: 'a.at' }))}
        AS stands
      FROM (SELECT ${clientId}::text AS client, ${at(issuedAt)}::timestamptz AS at) a`;
    return rows[0]?.stands === true;
  }

  async #summary(row: FoundRow, now: Instant): Promise<SessionSummary | null> {
    const found = readFound(row);
    const session = withNotBefores(found.session, found.notBefore);
    const policy = await this.policies.effectivePolicy(
      session.clientId,
      session.resources,
      session.accountId,
    );
    if (decideAccess(session, policy, now).kind !== 'active') return null;
    const ends = deadlines(session, policy);
    return {
      id: session.id,
      accountId: session.accountId,
      clientId: session.clientId,
      signedInAt: session.signedInAt,
      lastActiveAt: session.lastActiveAt,
      inactivityDeadline: ends.idle,
      idleWarningAt: idleWarningAt(session, policy, ends),
      absoluteDeadline: ends.absolute,
      browserSessionUid: session.browserSessionUid,
      offline: session.offline,
      signals: shownSignals(session),
    };
  }
}

/** The place where a session was authorized, as a person knows it: the browser, if another program redeemed its code. */
function shownSignals({ authorization, baseline }: StoredSession): RequestSignals {
  const { origin } = authorization as {
    origin?: { ua?: string; os?: string; ip?: string; country?: string };
  };
  if (!origin) return baseline;
  const { ua = null, os = null, ip = null, country = null } = origin;
  return { ...unknownSignals, userAgentFamily: ua, operatingSystem: os, ip, country };
}
