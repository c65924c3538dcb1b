import { Registry } from '@curfew/clients';
import { type Instant, instant } from '@curfew/session-policy';
import { BrowserSessionQueries, type BrowserSessionSummary } from '@curfew/sessions';
import { Controller } from '@nestjs/common';
import { Usernames } from '../accounts/usernames.store.js';
import { type Answer, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import { writtenOrNull } from '../contract/wire.js';
import { EndPreview } from '../sessions/end-preview.js';
import { propagationOf, SessionEnds } from '../sessions/session-ends.js';
import { named, namedTimeline } from '../sessions/session-names.js';
import { SessionSearchStore } from '../sessions/session-search.store.js';
import { describeSession } from '../sessions/session-view.js';
import { timelineEntryOf } from '../sessions/timeline.js';
import { TimelineStore } from '../sessions/timeline.store.js';
import { end, list, show } from './browser-contracts.js';
import { browserOnWire } from './browser-view.js';

/** Browsers in which people are signed in: seen, and signed out. */
@Controller()
export class BrowsersController {
  constructor(
    private readonly browsers: BrowserSessionQueries,
    private readonly search: SessionSearchStore,
    private readonly timelines: TimelineStore,
    private readonly preview: EndPreview,
    private readonly ends: SessionEnds,
    private readonly registry: Registry,
    private readonly cursors: Cursors,
    private readonly usernames: Usernames,
  ) {}

  @Operation(list)
  async list(@Input() { query, now }: InputOf<typeof list>): Promise<Answer> {
    const { account, state, limit, cursor } = query;
    const question = `browsers ${JSON.stringify([account, state])}`;
    const [at, uid] = cursor === undefined ? [] : this.cursors.open(question, cursor);
    const after = at === undefined ? null : { signedInAt: instant(Number(at)), uid: String(uid) };
    const found = await this.browsers.ofAccount(account, after, limit, now);
    const last = found.length === limit ? found.at(-1) : undefined;
    const items = found.map((one) => browserOnWire(one, now));
    return ok({
      items: items.filter((one) => state === undefined || one.state === state),
      next_cursor: last ? this.cursors.seal(question, [last.signedInAt, last.uid]) : null,
    });
  }

  @Operation(show)
  async show(@Input() { params, now }: InputOf<typeof show>): Promise<Answer> {
    const browser = await this.existing(params.uid, now);
    const [found, events] = await Promise.all([
      this.search.ofBrowser(params.uid, browser.accountId),
      this.timelines.ofBrowser(params.uid, browser.accountId),
    ]);
    const described = await Promise.all(found.map((one) => describeSession(one, this.registry, now)));
    return ok({
      ...browserOnWire(browser, now),
      end: browser.ended ? (browser.endDetail ?? {}) : null,
      sessions: await named(
        described.map(({ wire }, index) => ({ wire, detail: found[index]!.endDetail })),
        this.usernames,
      ),
      timeline: await namedTimeline(events.map(timelineEntryOf), this.usernames),
    });
  }

  @Operation(end)
  async end(@Input() { params, query, caller, now }: InputOf<typeof end>): Promise<Answer> {
    const { reason, note, keep_offline: keepOffline = false, dry_run = false, confirm = false } = query;
    const before = await this.existing(params.uid, now);
    if (dry_run) {
      const live = await this.preview.liveOfBrowser(before.uid, before.accountId, now);
      const sessions = live.filter(({ offline }) => !(offline && keepOffline)).map(({ id }) => id);
      return ok({ ...endedOnWire(before), ended: false, dry_run, sessions, propagation: null });
    }
    const order = { caller, reason, note, now, confirm };
    const outcome = await this.ends.browser(params.uid, keepOffline, end.id, order);
    const after = await this.existing(params.uid, now);
    return ok({
      ...endedOnWire(after),
      ended: outcome.browsers.length === 1,
      dry_run,
      sessions: outcome.along,
      propagation: propagationOf(outcome),
    });
  }

  private async existing(uid: string, now: Instant): Promise<BrowserSessionSummary> {
    const found = await this.browsers.find(uid, now);
    if (!found)
      throw notFound(
        'unknown_browser',
        'There is no such browser session, or it was deleted after its retention.',
      );
    return found;
  }
}

const endedOnWire = ({ uid, ended }: BrowserSessionSummary) => ({
  uid,
  ended_at: writtenOrNull(ended?.at),
  end_reason: ended?.reason ?? null,
});
