import type { SilenceRecorder } from '@curfew/insight';
import { Prisma, type PrismaService } from '@curfew/persistence';
import { type Instant, instant, type SessionId } from '@curfew/session-policy';
import { cutOf, maxLooked } from './session-before.js';

/** How far somebody came after a timeout: they saw the sign-in page, or proved who they are. */
type ReturnStep = 'shown' | 'proved';

interface Seen {
  readonly step: ReturnStep;
  /** The hashed id of the browser's cookie, in hexadecimal, or the id of the account. */
  readonly who: string;
  readonly clientId: string;
  readonly at: Instant;
}

interface FoundReturn {
  readonly place: number;
  readonly id: SessionId;
  readonly account_id: string;
  readonly cut_at: Date;
  readonly timeout: number;
}

/** Steps remembered between two flushes, and cuts remembered so that a page that is loaded again is not counted again. */
const maxSteps = 1_000;
const maxCounted = 20_000;

/**
 * The steps by which people come back after a timeout. A request only notes that a step was made; whether it followed a timeout is found
 * later, for all of them together. These notes are forgotten within seconds, and never written.
 */
export class TimeoutReturns {
  readonly #seen: Seen[] = [];
  readonly #counted = new Set<string>();

  constructor(
    private readonly prisma: PrismaService,
    private readonly silences: SilenceRecorder,
    private readonly max = { steps: maxSteps, counted: maxCounted },
  ) {}

  /** A sign-in page was shown to the browser whose cookie has this hashed id. */
  shown(browserIdHash: Uint8Array, clientId: string, at: Instant): void {
    this.#note({ step: 'shown', who: Buffer.from(browserIdHash).toString('hex'), clientId, at });
  }

  /** A person proved who they are, on the way to this client. */
  proved(accountId: string, clientId: string, at: Instant): void {
    this.#note({ step: 'proved', who: accountId, clientId, at });
  }

  /** Counts those steps that followed a timeout of the same browser or account and client. */
  async flush(): Promise<void> {
    const seen = [...this.#seen];
    if (seen.length === 0) return;
    for (const row of await this.#found(seen)) {
      const { step, clientId, at } = seen[row.place]!;
      const key = `${step} ${row.id}`;
      if (this.#counted.has(key)) continue;
      if (this.#counted.size >= this.max.counted) this.#counted.clear();
      this.#counted.add(key);
      const session = { accountId: row.account_id, clientId };
      this.silences.count(step, session, row.timeout, at - instant(row.cut_at.getTime()), at);
    }
    this.#seen.splice(0, seen.length);
  }

  #note(seen: Seen): void {
    if (this.silences.isOn && this.#seen.length < this.max.steps) this.#seen.push(seen);
  }

  // The bounds keep PostgreSQL from joining with the index of clients, in which it would read every session of a client for each step.
  #found(seen: readonly Seen[]): Promise<FoundReturn[]> {
    const asked = JSON.stringify(
      seen.map(({ step, who, clientId, at }, place) => ({ step, who, client: clientId, at, place })),
    );
    return this.prisma.$queryRaw<FoundReturn[]>`
      WITH w AS MATERIALIZED (
        SELECT place, step, who, client, to_timestamp(at / 1000) AS at FROM jsonb_to_recordset(${asked}::jsonb)
          AS w(place int, step text, who text, client text, at float8)
      )
      SELECT w.place, p.id::text AS id, p.account_id::text AS account_id, c.cut_at,
        round(extract(epoch FROM c.cut_at - p.last_active_at))::int AS timeout
      FROM w CROSS JOIN LATERAL (
        SELECT s.id, s.account_id, s.last_active_at, s.expires_at, s.absolute_deadline, s.ended_at, s.end_reason FROM (
          (SELECT f.* FROM browser_session b JOIN session f ON f.browser_session_uid = b.uid
            WHERE b.id_hash = CASE WHEN w.step = 'shown' THEN decode(w.who, 'hex') END LIMIT ${maxLooked})
          UNION ALL
          (SELECT f.* FROM session f WHERE f.account_id = CASE WHEN w.step = 'proved' THEN w.who::uuid END LIMIT ${maxLooked})
        ) s WHERE s.client_id = w.client AND s.started_at < w.at ORDER BY s.last_active_at DESC LIMIT 1
      ) p CROSS JOIN LATERAL (${Prisma.raw(cutOf('w.at'))}) c WHERE c.cut_at IS NOT NULL`;
  }
}
