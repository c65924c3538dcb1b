import { Registry } from '@curfew/clients';
import type { EndReach, Instant } from '@curfew/session-policy';
import { BrowserSessionQueries } from '@curfew/sessions';
import { type StoredSession } from '@curfew/sessions/store';
import { Injectable } from '@nestjs/common';
import { type ReachCount, ReachCountStore } from './reach-count.store.js';
import type { SessionSearch } from './search.js';
import type { MassTarget } from './session-ends.js';
import { SessionSearchStore } from './session-search.store.js';
import { describeSession } from './session-view.js';

/** The sessions and browsers an end would reach, by id. */
export interface Reached {
  readonly along: readonly string[];
  readonly browsers: readonly string[];
}

/** Says what an end would reach beyond what it names; ends nothing. */
@Injectable()
export class EndPreview {
  constructor(
    private readonly search: SessionSearchStore,
    private readonly browsers: BrowserSessionQueries,
    private readonly counts: ReachCountStore,
    private readonly registry: Registry,
  ) {}

  /** Previews the end of one session that reaches so far. */
  async ofSession(
    { id, accountId, browserSessionUid: uid }: StoredSession,
    reach: EndReach,
    now: Instant,
  ): Promise<Reached> {
    if (uid === null || reach === 'session') return { along: [], browsers: [] };
    const [browser, live] = await Promise.all([
      this.browsers.find(uid, now),
      this.liveOfBrowser(uid, accountId, now),
    ]);
    const along = live.map((session) => session.id).filter((one) => one !== id);
    return { along, browsers: browser?.ended === null ? [uid] : [] };
  }

  /** Live sessions that came of a browser. */
  async liveOfBrowser(uid: string, accountId: string, now: Instant) {
    const found = await this.search.ofBrowser(uid, accountId);
    const described = await Promise.all(found.map((one) => describeSession(one, this.registry, now)));
    return described.map(({ wire }) => wire).filter(({ state }) => state === 'live');
  }

  /** Counts what an end that reaches so far takes along beside the sessions that match a search. */
  async ofSearch(search: SessionSearch, reach: EndReach, now: Instant): Promise<ReachCount> {
    return reach === 'session' ? { along: 0, browsers: 0 } : this.counts.ofSearch(search, now);
  }

  /** Counts the reach of an end of everything of an account, a client or everyone; the end of a client signs out no browser. */
  async ofAll({ kind, target }: MassTarget, now: Instant): Promise<ReachCount> {
    if (kind === 'client') return { along: 0, browsers: 0 };
    return kind === 'account' ? this.counts.ofAccount(target, now) : this.counts.ofEveryone(now);
  }
}
