import { AccountError, AccountService } from '@curfew/accounts';
import { PolicyService, RegistrationError, Registry } from '@curfew/clients';
import { formatPolicy } from '@curfew/session-policy';
import { contextOf } from '@curfew/session-policy/authentication';
import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { Usernames } from '../accounts/usernames.store.js';
import { type Answer, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation, operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import { uuid, writtenOrNull } from '../contract/wire.js';
import { policyReach } from '../policies/policy-reach.js';
import { delegationOf } from './delegations.js';
import { EndPreview } from './end-preview.js';
import type { ReachCount } from './reach-count.store.js';
import {
  type EndSelection,
  endedMany,
  endedOne,
  endManyBody,
  endOneQuery,
  listQuery,
  reasonsWithoutBrowser,
  type SearchInput,
  sessionDetail,
  sessionPage,
} from './schemas.js';
import type { SessionPosition, SessionSearch } from './search.js';
import {
  type CarriedOut,
  carriedOutOnWire,
  type EndOrder,
  type MassTarget,
  propagationOf,
  reachOfOrder,
  SessionEnds,
} from './session-ends.js';
import { named, namedTimeline } from './session-names.js';
import { type FoundForOperator, SessionSearchStore } from './session-search.store.js';
import { describeSession } from './session-view.js';
import { timelineOf } from './timeline.js';
import { maxTimelineEvents, TimelineStore } from './timeline.store.js';

const byId = z.object({ id: uuid });

const list = operation({
  id: 'listSessions',
  method: 'get',
  path: '/v1/sessions',
  tag: 'sessions',
  summary: 'Lists and searches sessions, live and ended.',
  description:
    'Everything given must hold. A search that no index knows stops after a bounded time and answers with what it found so far; `next_cursor` then goes on where it stopped, so a page may be short without being the last.',
  scope: 'sessions:read',
  query: listQuery,
  answers: { 200: { description: 'A page of sessions.', schema: sessionPage } },
  problems: { 400: ['invalid_cursor'], 404: ['unknown_policy'] },
});

const show = operation({
  id: 'getSession',
  method: 'get',
  path: '/v1/sessions/{id}',
  tag: 'sessions',
  summary: 'Shows one session with its two clocks and its history.',
  scope: 'sessions:read',
  params: byId,
  answers: { 200: { description: 'The session.', schema: sessionDetail } },
  problems: { 404: ['unknown_session'] },
});

const endOne = operation({
  id: 'endSession',
  method: 'delete',
  path: '/v1/sessions/{id}',
  tag: 'sessions',
  summary:
    'Ends one session, and its browser with everything else that signed in there if the reason reaches so far.',
  description: `One commit; the answer comes after it is durable, and says what ended. Its browser is signed out, also where the session is over already, unless \`only_this_session\` is set or the reason reaches the session alone (${reasonsWithoutBrowser}). With \`dry_run\` nothing is ended, and the answer says what would be for that reason.`,
  scope: 'sessions:end',
  powerless: true,
  params: byId,
  query: endOneQuery,
  idempotent: true,
  answers: { 200: { description: 'The ends.', schema: endedOne } },
  problems: { 404: ['unknown_session'] },
});

const endMany = operation({
  id: 'endSessions',
  method: 'post',
  path: '/v1/sessions/end',
  tag: 'sessions',
  summary: 'Ends a selection of sessions, all of an account, of a client, or of everyone.',
  description: `Sessions that are named by ids or a search take their browsers along unless \`only_this_session\` is set or the reason reaches the session alone (${reasonsWithoutBrowser}); an account takes all its browsers; a client takes none, but asks for proof of everybody who signed in before. With \`dry_run\` nothing is ended, and what would be for that reason is counted. A mass end is one commit: from then on everything authorized before is refused, whether or not each session has its own record yet.`,
  scope: 'sessions:end',
  powerless: true,
  body: endManyBody,
  idempotent: true,
  answers: { 200: { description: 'The ends, or those planned in a dry run.', schema: endedMany } },
  problems: { 404: ['unknown_account', 'unknown_client', 'unknown_policy'] },
});

/** Sessions: seen, searched and ended. */
@Controller()
export class SessionsController {
  constructor(
    private readonly search: SessionSearchStore,
    private readonly preview: EndPreview,
    private readonly timelines: TimelineStore,
    private readonly ends: SessionEnds,
    private readonly registry: Registry,
    private readonly accounts: AccountService,
    private readonly policies: PolicyService,
    private readonly cursors: Cursors,
    private readonly usernames: Usernames,
  ) {}

  @Operation(list)
  async list(@Input() { query, now }: InputOf<typeof list>): Promise<Answer> {
    const { sort, limit, cursor, ...wanted } = query;
    const search = await this.searchOf(wanted);
    const question = `sessions ${JSON.stringify([sort, wanted])}`;
    const after = cursor === undefined ? null : positionOf(this.cursors.open(question, cursor));
    const { found, next } = await this.search.page(search, sort, after, limit, now);
    const described = await Promise.all(found.map((one) => describeSession(one, this.registry, now)));
    // A policy that became stricter may have ended what its row still calls live.
    const shown = described
      .map(({ wire }, index) => ({ wire, detail: found[index]!.endDetail }))
      .filter(({ wire }) => wanted.state !== 'live' || wire.state === 'live');
    const items = await named(shown, this.usernames);
    return ok({ items, next_cursor: next && this.cursors.seal(question, [next.at, next.id]) });
  }

  @Operation(show)
  async show(@Input() { params, now }: InputOf<typeof show>): Promise<Answer> {
    const found = await this.existing(params.id);
    const [{ wire, policy, session }, events, exchanges] = await Promise.all([
      describeSession(found, this.registry, now),
      this.timelines.of(params.id),
      this.timelines.exchangesOf(params.id),
    ]);
    const { amr, authTime } = session.authorization as {
      amr?: string[];
      authTime?: number;
    };
    const detail = found.endDetail;
    const [names] = await named([{ wire, detail }], this.usernames);
    return ok({
      ...names,
      authentication: { acr: contextOf(amr) ?? null, amr: amr ?? [], auth_time: authTime ?? null },
      policy: formatPolicy(policy),
      end: wire.state === 'live' ? null : (detail ?? {}),
      timeline: await namedTimeline(timelineOf(session, events), this.usernames),
      timeline_truncated: events.length === maxTimelineEvents,
      delegations: exchanges.map(delegationOf),
    });
  }

  @Operation(endOne)
  async endOne(@Input() { params, query, caller, now }: InputOf<typeof endOne>): Promise<Answer> {
    const before = await describeSession(await this.existing(params.id), this.registry, now);
    const {
      reason,
      note,
      dry_run = false,
      confirm = false,
      only_this_session: onlyThisSession = false,
    } = query;
    if (dry_run) {
      const reach = reachOfOrder({ reason, onlyThisSession });
      const reached = await this.preview.ofSession(before.session, reach, now);
      const { ended_at, end_reason } = before.wire;
      return ok({
        id: params.id,
        ended: false,
        dry_run,
        ...reached,
        ended_at,
        end_reason,
        propagation: null,
      });
    }
    const order = { caller, reason, note, now, confirm, onlyThisSession };
    const outcome = await this.ends.these([params.id], endOne.id, order);
    const after = await describeSession(await this.existing(params.id), this.registry, now);
    return ok({
      id: params.id,
      ended: outcome.matched === 1,
      dry_run,
      along: outcome.along,
      browsers: outcome.browsers,
      ended_at: writtenOrNull(after.session.ended?.at),
      end_reason: after.session.ended?.reason ?? null,
      propagation: propagationOf(outcome),
    });
  }

  @Operation(endMany)
  async endMany(@Input() { body, caller, now }: InputOf<typeof endMany>): Promise<Answer> {
    const { selection, reason, note, dry_run, confirm, only_this_session: onlyThisSession } = body;
    const order = { caller, reason, note, now, confirm, onlyThisSession };
    if (!dry_run) return ok(carriedOutOnWire(await this.carryOut(selection, order)));
    const [counted, reached] = await Promise.all([
      this.count(selection, now),
      this.reached(selection, order),
    ]);
    return ok({
      dry_run,
      ...reached,
      matched: counted.reduce((sum, { count }) => sum + count, 0),
      by_client: counted.map(({ clientId: client_id, count }) => ({ client_id, count })),
      recorded: 0,
      complete: true,
      not_before: null,
      propagation: null,
    });
  }

  private async carryOut(selection: EndSelection, order: EndOrder): Promise<CarriedOut> {
    if ('ids' in selection) return this.ends.these([...new Set(selection.ids)], endMany.id, order);
    if ('search' in selection)
      return this.ends.found(await this.searchOf(selection.search), endMany.id, order);
    if ('account' in selection && !(await this.accounts.findById(selection.account)))
      throw new AccountError('unknown_account');
    if ('client' in selection && !(await this.registry.client(selection.client)))
      throw new RegistrationError('unknown_client');
    return this.ends.all(massTargetOf(selection), endMany.id, order);
  }

  private async count(selection: EndSelection, now: InputOf<typeof endMany>['now']) {
    if ('ids' in selection) return this.search.countByClient({ ids: selection.ids, state: 'live' }, now);
    const search =
      'search' in selection ? await this.searchOf(selection.search) : { ...selection, everyone: undefined };
    return this.search.countByClient({ ...search, state: 'live' }, now);
  }

  private async reached(selection: EndSelection, order: EndOrder): Promise<ReachCount> {
    const { now } = order;
    const reach = reachOfOrder(order);
    if ('ids' in selection) return this.preview.ofSearch({ ids: selection.ids }, reach, now);
    if ('search' in selection)
      return this.preview.ofSearch({ ...(await this.searchOf(selection.search)), state: 'live' }, reach, now);
    return this.preview.ofAll(massTargetOf(selection), now);
  }

  private async existing(id: string): Promise<FoundForOperator> {
    const found = await this.search.find(id);
    if (!found)
      throw notFound('unknown_session', 'There is no such session, or it was deleted after its retention.');
    return found;
  }

  private async searchOf(wanted: SearchInput): Promise<SessionSearch> {
    return {
      account: wanted.account,
      client: wanted.client,
      ip: wanted.ip,
      userAgent: wanted.user_agent,
      state: wanted.state,
      reason: wanted.reason,
      startedAfter: wanted.started_after,
      startedBefore: wanted.started_before,
      activeAfter: wanted.active_after,
      activeBefore: wanted.active_before,
      endedAfter: wanted.ended_after,
      endedBefore: wanted.ended_before,
      policy: wanted.policy === undefined ? undefined : await policyReach(this.policies, wanted.policy),
    };
  }
}

function massTargetOf(selection: Exclude<EndSelection, { ids: unknown } | { search: unknown }>): MassTarget {
  if ('account' in selection) return { kind: 'account', target: selection.account };
  return 'client' in selection
    ? { kind: 'client', target: selection.client }
    : { kind: 'everyone', target: '' };
}

const positionOf = ([at, id]: readonly (string | number)[]): SessionPosition => ({
  at: Number(at),
  id: String(id),
});
