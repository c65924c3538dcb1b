import { earliest, type Instant, isPast, type SessionId } from '@curfew/session-policy';
import { deadlines } from '@curfew/session-policy/standing';
import { placeOf } from '@curfew/session-policy/trial';
import {
  type DueSession,
  type End,
  type Lineage,
  type LookAgain,
  type ShorterLimits,
  SweepStore,
} from '@curfew/sessions/store';
import type { MemoryRow, MemorySessionStore } from './memory-session-store.js';

/** Sweeping in memory. */
export class MemorySweepStore extends SweepStore {
  constructor(private readonly store: MemorySessionStore) {
    super();
  }

  override async sweep(
    now: Instant,
    most: number,
    decide: (due: DueSession) => Promise<End | LookAgain>,
  ): Promise<number> {
    const due = [...this.store.rows.values()].filter(
      ({ checkAfter, taken }) => !taken && isPast(checkAfter, now),
    );
    const mine = due.sort((a, b) => a.checkAfter - b.checkAfter).slice(0, most);
    for (const row of mine) row.taken = true;
    try {
      for (const row of mine) await this.look(row, decide);
    } finally {
      for (const row of mine) row.taken = false;
    }
    return mine.length;
  }

  private async look(row: MemoryRow, decide: (due: DueSession) => Promise<End | LookAgain>): Promise<void> {
    if (row.session.ended) {
      this.store.rows.delete(row.session.id);
      return;
    }
    const found = await this.store.read(row.session.id);
    const verdict = found && (await decide(found));
    if (!verdict) return;
    if ('checkAfter' in verdict) row.checkAfter = verdict.checkAfter;
    else this.store.endNow([verdict]);
  }

  override async settle(now: Instant, most: number): Promise<number> {
    const [entry] = [...this.store.entries.values()]
      .filter(({ settledAt }) => settledAt === null)
      .sort((a, b) => a.at - b.at);
    if (!entry) return 0;
    const { reason, at, detail } = entry;
    const left = [...this.store.rows.values()]
      .map(({ session }) => session)
      .filter((session) => !session.ended && this.store.entriesAgainst(session).includes(entry));
    this.store.endNow(left.slice(0, most).map(({ id }) => ({ id, reason, at, detail })));
    if (left.length === 0) entry.settledAt = now;
    return Math.max(1, Math.min(most, left.length));
  }

  override async prune(now: Instant, most: number): Promise<number> {
    const gone = [...this.store.revoked].filter(([, expiresAt]) => expiresAt < now).slice(0, most);
    for (const [hash] of gone) this.store.revoked.delete(hash);
    return gone.length;
  }

  override async bringForward(
    after: SessionId | undefined,
    max: number,
    limitsOf: (lineages: readonly Lineage[]) => Promise<readonly ShorterLimits[]>,
  ): Promise<SessionId | undefined> {
    const page = [...this.store.rows.values()]
      .filter(({ session: { id } }) => after === undefined || id > after)
      .sort((a, b) => (a.session.id < b.session.id ? -1 : 1))
      .slice(0, max);
    const live = page.filter(({ session }) => !session.ended);
    const lineages = new Map(live.map(({ session }) => [lineageKey(session), session]));
    const limits = await limitsOf(
      [...lineages.values()].map(({ clientId, resources }) => ({ clientId, resources })),
    );
    for (const row of live) {
      const place = placeOf(row.session.accountId);
      const shorter = limits.find(
        (one) => lineageKey(one) === lineageKey(row.session) && one.from <= place && place < one.to,
      );
      if (shorter) row.checkAfter = earliest(row.checkAfter, deadlines(row.session, shorter).expiresAt);
    }
    return page.at(-1)?.session.id;
  }
}

const lineageKey = ({ clientId, resources }: Lineage): string => JSON.stringify([clientId, resources]);
