import type { HotStatement, PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import type { AnnouncedEnds, AnnouncedMassEnd } from './announcement.js';

/**
 * A place in the feed: every end of a transaction before it has been read. A serial number would not do, because
 * transactions commit out of order; the oldest transaction that is still running does. `origin` changes when the
 * database is another one or was restored from a backup: then no old place means anything.
 */
export interface FeedPosition {
  readonly origin: string;
  readonly xid: string;
}

/** Ends read from the database, and the place from which to read on. */
export interface ReadEnds {
  readonly ends: AnnouncedEnds;
  readonly position: FeedPosition;
  /** There were more than asked for: the reader must forget its verdicts instead. */
  readonly truncated: boolean;
}

interface Row {
  origin: string;
  xid: string;
  sessions: string[];
  tokens: string[];
  all_ends: AnnouncedMassEnd[];
}

type Columns = [origin: string, xid: string, sessions: string[], tokens: string[], all: AnnouncedMassEnd[]];

const sinceStatement: HotStatement = {
  name: 'feed_since',
  text: `
    SELECT instance_id::text || '.' || epoch, pg_snapshot_xmin(pg_current_snapshot())::text,
      ARRAY(SELECT session_id::text FROM event WHERE xid >= $1::text::xid8 AND type = 'session.ended' AND event.era = service_state.era LIMIT $2::int),
      ARRAY(SELECT encode(token_hash, 'hex') FROM revoked_token WHERE xid >= $1::text::xid8 LIMIT $2::int),
      COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', kind, 'target', target, 'at', floor(extract(epoch FROM at) * 1000)))
        FROM not_before WHERE xid >= $1::text::xid8), '[]'::jsonb)
    FROM service_state`,
};

/** A position as followers carry it around. */
export const writePosition = ({ origin, xid }: FeedPosition): string => `${origin}.${xid}`;

/** Reads a position; null for anything this product did not write. */
export function readPosition(text: string): FeedPosition | null {
  const [, origin, xid] = /^([0-9a-f-]{36}\.\d{1,9})\.(\d{1,20})$/.exec(text) ?? [];
  return origin !== undefined && xid !== undefined ? { origin, xid } : null;
}

/** The feed as the database has it; the truth behind every announcement. */
export class FeedStore {
  constructor(private readonly prisma: PrismaService) {}

  /** The position of the feed: nothing that commits from now on lies before it. */
  async position(): Promise<FeedPosition> {
    const rows = await this.prisma.$queryRaw<{ origin: string; xid: string }[]>`
      SELECT instance_id::text || '.' || epoch AS origin, pg_snapshot_xmin(pg_current_snapshot())::text AS xid FROM service_state`;
    return rows[0]!;
  }

  /** Every end of a transaction at or after `from` that is visible now, in one statement and so in one snapshot. */
  async since(from: FeedPosition, most: number): Promise<ReadEnds> {
    const rows = await this.prisma.direct.run<Columns>(sinceStatement, [from.xid, most + 1]);
    const [origin, xid, sessions, tokens, all] = rows[0]!;
    return read({ origin, xid, sessions, tokens, all_ends: all }, most);
  }

  /** Every end since `after`, by the ids of events, which begin with their time: for a follower that has just come and holds tokens that were issued before. */
  async snapshot(after: Instant, most: number): Promise<ReadEnds> {
    const earliest = new Date(after);
    const rows = await this.prisma.$queryRaw<Row[]>`
      SELECT instance_id::text || '.' || epoch AS origin, pg_snapshot_xmin(pg_current_snapshot())::text AS xid,
        ARRAY(SELECT session_id::text FROM event WHERE id >= curfew_first_id(${earliest}::timestamptz) AND type = 'session.ended' LIMIT ${most + 1}) AS sessions,
        ARRAY(SELECT encode(token_hash, 'hex') FROM revoked_token WHERE expires_at >= ${earliest} LIMIT ${most + 1}) AS tokens,
        COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', kind, 'target', target, 'at', floor(extract(epoch FROM at) * 1000)))
          FROM not_before WHERE at >= ${earliest}), '[]'::jsonb) AS all_ends
      FROM service_state`;
    return read(rows[0]!, most);
  }
}

function read(row: Row, most: number): ReadEnds {
  const ends = { sessions: row.sessions, tokens: row.tokens, all: row.all_ends };
  return {
    ends,
    position: { origin: row.origin, xid: row.xid },
    truncated: row.sessions.length > most || row.tokens.length > most,
  };
}
