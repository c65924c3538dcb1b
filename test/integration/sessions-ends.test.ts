import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { readAnnouncement } from '@curfew/events';
import { DatabaseListener } from '@curfew/persistence';
import { type EndReason, instant, seconds, unknownSignals } from '@curfew/session-policy';
import {
  AuthorizationEnded,
  type MassEnd,
  PostgresSweepStore,
  TooManySessions,
} from '@curfew/sessions/store';
import { failExactlyAt } from '../support/faults.js';
import { sessionStores } from '../support/session-stores.js';
import { House, type SignedIn, t } from './sessions-house.js';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterEach(() => house.check());
afterAll(() => house?.close());

const massEnd = (kind: MassEnd['kind'], target: string, reason: EndReason, at: number): MassEnd => ({
  kind,
  target,
  reason,
  at: t(at),
  detail: {},
});
const isDead = async (who: SignedIn, at: number) => {
  for (const node of [0, 1]) {
    expect(await house.stands(who, t(at), { node })).toBe(false);
    expect((await house.refresh(who, who.token, t(at), { node })).kind).toBe('refused');
  }
};

describe('one end for many', () => {
  it.each(['account', 'client', 'everyone'] as const)(
    'of %s is immediate on every node, has an event of its own, and gives each session its own',
    async (kind) => {
      const at = { account: 100, client: 200, everyone: 300 }[kind];
      const who = await house.signIn({ at: t(at - 50) });
      const target = { account: who.accountId, client: who.clientId, everyone: '' }[kind];
      await house.nodes[0].service.endAll(massEnd(kind, target, 'ended_by_administrator', at));
      await isDead(who, at + 1);
      await house.nodes[1].sweeper.run(t(at + 1));
      expect(await house.endOf(who)).toBe('ended_by_administrator');
      expect(await house.events(who, 'session.ended')).toEqual([{ reason: 'ended_by_administrator' }]);
      const together = await house.database.query(
        `SELECT data FROM event WHERE type = 'sessions.ended_together' AND data->>'kind' = $1`,
        [kind],
      );
      expect(together).toHaveLength(1);
    },
  );

  it('commits together with what caused it, or not at all', async () => {
    const who = await house.signIn({ at: t(400) });
    const prisma = house.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
    const disable = prisma.$transaction(async (transaction) => {
      await house.nodes[0].service.endAll(
        massEnd('account', who.accountId, 'account_disabled', 410),
        transaction,
      );
      throw new Error('the account could not be disabled');
    });
    await expect(disable).rejects.toThrow('could not be disabled');
    expect(await house.stands(who, t(420))).toBe(true);
    expect(await house.endOf(who)).toBeNull();
  });

  it('revives nothing when the account or client is enabled again, and lets new sign-ins live', async () => {
    const who = await house.signIn({ at: t(500) });
    await house.nodes[0].service.endAll(massEnd('account', who.accountId, 'account_disabled', 510));
    const again = await house.signIn({ accountId: who.accountId, at: t(520) }, 1);
    await isDead(who, 530);
    expect(await house.stands(again, t(530))).toBe(true);
    expect((await house.refresh(again, again.token, t(530))).kind).toBe('token');
  });

  it('lets no sign-in through that was authorized before it, to the millisecond, whenever its code is redeemed', async () => {
    const accountId = randomUUID();
    await house.nodes[0].service.endAll(massEnd('account', accountId, 'password_changed', 600));
    for (const at of [t(1), t(600)])
      await expect(house.signIn({ accountId, at }, 1)).rejects.toThrow(AuthorizationEnded);
    await house.signIn({ accountId, at: instant(t(600) + 1) }, 1);
  });

  it.each(['before the sign-in commits', 'after the sign-in committed'])(
    'wins against a sign-in under way: %s',
    async (order) => {
      const accountId = randomUUID();
      const barrier = await failExactlyAt(
        house.database,
        { table: 'session', operation: 'INSERT', timing: 'after', when: `NEW.account_id = '${accountId}'` },
        { kind: 'barrier' },
      );
      const signingIn = house.signIn({ accountId, at: t(700) });
      await barrier.arrived(1);
      if (order.startsWith('after')) {
        await barrier.open();
        await signingIn;
      }
      await house.nodes[1].service.endAll(massEnd('account', accountId, 'account_disabled', 710));
      await barrier.open();
      const who = await signingIn;
      await barrier.remove();
      await isDead(who, 711);
      await house.nodes[1].sweeper.run(t(700 + 1800));
      expect(await house.endOf(who)).toBe('account_disabled');
    },
  );

  it('is one cheap statement, however many sessions there are; the rest of them get their own end soon', async () => {
    const accountId = randomUUID();
    const template = await house.signIn({ accountId, at: t(800) });
    await house.database.query(
      `INSERT INTO session SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'token_hash', '\\x' || md5(n::text) || md5((n + 1)::text)))).*
         FROM session s, generate_series(1, 2500) AS n WHERE id = $1`,
      [template.sid],
    );
    const startedAt = performance.now();
    const ended = await house.nodes[0].service.endAll(massEnd('account', accountId, 'account_disabled', 810));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(ended.sessions).toHaveLength(1000);
    const live = 'SELECT id FROM session WHERE account_id = $1 AND ended_at IS NULL';
    const [left] = await house.database.query<{ id: string }>(live, [accountId]);
    expect(await house.stands({ ...template, sid: left!.id }, t(811))).toBe(false);
    await Promise.all(house.nodes.map(({ sweeper }) => sweeper.run(t(811))));
    await house.nodes[0].sweeper.run(t(811));
    expect(await house.database.query(live, [accountId])).toEqual([]);
    const [told] = await house.database.query<{ sessions: number; events: number }>(
      `SELECT count(DISTINCT session_id)::int AS sessions, count(*)::int AS events FROM event WHERE account_id = $1 AND type = 'session.ended'`,
      [accountId],
    );
    expect(told).toEqual({ sessions: 2501, events: 2501 });
  }, 60_000);
});

describe('mass ends of one moment', () => {
  it('are all recorded, also where a node remembers fewer walks than there are', async () => {
    const [store, other] = house.nodes.map(
      ({ ends }) => new PostgresSweepStore(house.database.prisma(), ends, 1),
    ) as [PostgresSweepStore, PostgresSweepStore];
    const accounts = [randomUUID(), randomUUID()];
    for (const [place, accountId] of accounts.entries()) {
      for (let n = 0; n < 3; n += 1) await house.signIn({ accountId, at: t(820) });
      await house.nodes[0].service.endAll(massEnd('account', accountId, 'account_disabled', 830 + place));
    }
    const settled = async (): Promise<number> =>
      (
        await house.database.query(
          'SELECT 1 FROM not_before WHERE target = ANY($1::text[]) AND settled_at IS NOT NULL',
          [accounts],
        )
      ).length;
    // One node has begun with the first, the other one finishes it, and the first node has room for no second walk.
    await store.settle(t(832), 1);
    while ((await settled()) === 0) await other.settle(t(832), 1);
    while ((await settled()) === 1) await store.settle(t(832), 1);
    const [left] = await house.database.query<{ live: number; unsettled: number }>(
      `SELECT (SELECT count(*)::int FROM session WHERE account_id = ANY($1::uuid[]) AND ended_at IS NULL) AS live,
         (SELECT count(*)::int FROM not_before WHERE target = ANY($1::text[]) AND settled_at IS NULL) AS unsettled`,
      [accounts],
    );
    expect(left).toEqual({ live: 0, unsettled: 0 });
  });
});

describe('ends that nobody asked about', () => {
  it('are recorded with their event, each exactly once, though two nodes look', async () => {
    const idle = await Promise.all(Array.from({ length: 40 }, () => house.signIn({ at: t(10_000) })));
    const busy = await house.signIn({ at: t(10_000) });
    await house.rotated(busy, busy.token, t(11_000));
    await Promise.all(house.nodes.map(({ sweeper }) => sweeper.run(t(11_799.999))));
    for (const who of idle) expect(await house.endOf(who)).toBeNull();
    await Promise.all(house.nodes.map(({ sweeper }) => sweeper.run(t(11_800))));
    for (const who of idle) {
      expect(await house.endOf(who)).toBe('inactivity_timeout');
      expect(await house.events(who, 'session.ended')).toEqual([{ reason: 'inactivity_timeout' }]);
    }
    expect(await house.endOf(busy)).toBeNull();
    await house.nodes[1].sweeper.run(t(12_800));
    expect(await house.endOf(busy)).toBe('inactivity_timeout');
  });

  it('of the absolute lifetime too, while the session is in use', async () => {
    const who = await house.signIn({
      at: t(20_000),
      clientId: house.client({ absoluteLifetime: seconds(3000) }),
    });
    const token = await house.rotated(who, who.token, t(21_500));
    await house.rotated(who, token, t(22_900));
    await house.nodes[0].sweeper.run(t(22_999));
    expect(await house.endOf(who)).toBeNull();
    await house.nodes[0].sweeper.run(t(23_000));
    expect(await house.endOf(who)).toBe('absolute_lifetime');
  });

  it('come soon after a policy was shortened, for sessions nobody asks about', async () => {
    const clientId = house.client();
    const who = await house.signIn({ at: t(30_000), clientId });
    await house.nodes[0].sweeper.run(t(30_100));
    house.policies.ofClients.set(clientId, { ...house.policies.everyone, inactivityTimeout: seconds(600) });
    house.nodes[0].sweeper.policiesChanged();
    await house.nodes[0].sweeper.run(t(30_300));
    expect(await house.endOf(who)).toBeNull();
    await house.nodes[0].sweeper.run(t(30_600));
    expect(await house.endOf(who)).toBe('inactivity_timeout');
  });

  it('wait for use that another part of this node has counted and not written', async () => {
    const who = await house.signIn({ at: t(40_000) });
    await house.stands(who, t(41_700), { use: true });
    await house.nodes[0].sweeper.run(t(41_800));
    expect(await house.endOf(who)).toBeNull();
    await house.nodes[0].service.activity.flush();
    await house.nodes[1].sweeper.run(t(43_499));
    expect(await house.endOf(who)).toBeNull();
  });

  it('of others are recorded although one session cannot be judged', async () => {
    const [odd, fine] = [await house.signIn({ at: t(50_000) }), await house.signIn({ at: t(50_000) })];
    const { effectivePolicy } = house.policies;
    house.policies.effectivePolicy = (clientId) => {
      if (clientId === odd.clientId) throw new Error('its policy cannot be read');
      return effectivePolicy.call(house.policies, clientId);
    };
    try {
      await expect(house.nodes[0].sweeper.run(t(51_800))).rejects.toThrow('cannot be read');
    } finally {
      house.policies.effectivePolicy = effectivePolicy;
    }
    expect(await house.endOf(fine)).toBe('inactivity_timeout');
    expect(await house.endOf(odd)).toBeNull();
    await house.nodes[0].sweeper.run(t(51_860));
    expect(await house.endOf(odd)).toBe('inactivity_timeout');
  });

  it('are announced many at a time, and each of them', async () => {
    const all = await Promise.all(Array.from({ length: 450 }, () => house.signIn({ at: t(70_000) })));
    const heard: string[] = [];
    const told = () => heard.filter(Boolean).map((payload) => readAnnouncement(payload, t(71_800))!.sessions);
    const listener = new DatabaseListener(
      { url: house.database.url, through: house.nodes[0].prisma.direct },
      ['curfew_ends', 'behind'],
      {
        onNotification: (channel, payload) => heard.push(channel === 'behind' ? '' : payload),
      },
    );
    await listener.start();
    try {
      const store = sessionStores(house.database.prisma()).sweep;
      const end = async ({ session: { id } }: { session: { id: string } }) =>
        ({ id, reason: 'inactivity_timeout', at: t(71_800), detail: {} }) as const;
      expect(await store.sweep(t(71_800), 1_000, end)).toBe(450);
      // They are announced after their commit, by a statement that nobody waits for.
      while (told().flat().length < all.length) await pause(10);
      await house.database.query("NOTIFY behind, ''");
      while (!heard.includes('')) await pause(10);
    } finally {
      await listener.stop();
    }
    expect(
      told()
        .map(({ length }) => length)
        .sort(),
    ).toEqual([200, 200, 50]);
    expect(told().flat().sort()).toEqual(all.map(({ sid }) => sid).sort());
  });

  it.each([
    ['before', 'session', 'UPDATE'],
    ['after', 'session', 'UPDATE'],
    ['before', 'event', 'INSERT'],
    ['commit', 'session', 'UPDATE'],
  ] as const)(
    'are all undone when a sweep fails %s its %s %s, and made up for by the next',
    async (timing, table, operation) => {
      const at = { before: 80_000, after: 90_000, commit: 110_000 }[timing] + (table === 'event' ? 5_000 : 0);
      const all = await Promise.all(Array.from({ length: 5 }, () => house.signIn({ at: t(at) })));
      const fault = await failExactlyAt(
        house.database,
        { table, operation, timing, times: 1 },
        { kind: 'terminate' },
      );
      try {
        await expect(house.nodes[0].sweeper.run(t(at + 1_800))).rejects.toThrow();
        expect(await fault.struck()).toBe(1);
        for (const who of all) expect(await house.endOf(who)).toBeNull();
        // The server may still be undoing it, and what another one holds is left to that.
        while ((await house.endOf(all[0]!)) === null) {
          await house.nodes[0].sweeper.run(t(at + 1_800));
          await pause(10);
        }
      } finally {
        await fault.remove();
      }
      for (const who of all)
        expect(await house.events(who, 'session.ended')).toEqual([{ reason: 'inactivity_timeout' }]);
    },
  );

  it('and refreshes at the same moment neither wait for each other for long nor fail', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => house.signIn({ at: t(60_000) })));
    const outcomes = await Promise.all([
      ...all.map((who, index) => house.refresh(who, who.token, t(61_799), { node: index % 2 })),
      ...house.nodes.map(({ sweeper }) => sweeper.run(t(61_800))),
      ...all.map(({ sid }) => house.nodes[0].service.access(sid, new Uint8Array(32), t(61_799))),
    ]);
    expect(outcomes).toHaveLength(62);
  });
});

describe('a limit of sessions', () => {
  it('ends the oldest, each with its event that names the new one', async () => {
    const clientId = house.client({ sessionsPerAccount: 2 });
    const accountId = randomUUID();
    const [one, two, three] = [
      await house.signIn({ clientId, accountId, at: t(70_000) }),
      await house.signIn({ clientId, accountId, at: t(70_001) }, 1),
      await house.signIn({ clientId, accountId, at: t(70_002) }),
    ];
    expect(await house.events(one, 'session.ended')).toEqual([
      { reason: 'session_limit', because: three.sid },
    ]);
    expect([await house.endOf(two), await house.endOf(three)]).toEqual([null, null]);
  });

  it('refuses the new one, which is recorded, and starts nothing', async () => {
    const clientId = house.client({ sessionsPerAccount: 1, whenSessionsFull: 'refuse_new' });
    const accountId = randomUUID();
    await house.signIn({ clientId, accountId, at: t(70_000) });
    await expect(house.signIn({ clientId, accountId, at: t(70_001) })).rejects.toThrow(TooManySessions);
    const refused = await house.database.query(
      `SELECT session_id, data FROM event WHERE type = 'session.start_refused' AND account_id = $1`,
      [accountId],
    );
    expect(refused).toEqual([{ session_id: null, data: { cause: 'session_limit', limit: 1 } }]);
  });
});

describe('single access tokens', () => {
  it('revoked are dead on every node, and their session goes on', async () => {
    const who = await house.signIn({ at: t(80_000) });
    const { service } = house.nodes[0];
    const hash = Buffer.alloc(32, 3);
    const event = {
      id: randomUUID(),
      at: t(80_001),
      type: 'token.revoked',
      sessionId: who.sid,
      accountId: who.accountId,
      clientId: who.clientId,
      data: { token: 'access_token' },
    } as const;
    await service.revokeAccessToken(hash, t(80_600), event);
    await service.revokeAccessToken(hash, t(80_600), { ...event, id: randomUUID() });
    for (const { service: other } of house.nodes)
      expect(await other.access(who.sid, hash, t(80_002))).toBeUndefined();
    expect(await house.stands(who, t(80_002))).toBe(true);
    expect(await house.events(who, 'token.revoked')).toHaveLength(1);
  });
});

describe('what a write decided on is compared when it is written', () => {
  it('a rotation whose session ends before its commit hands out nothing', async () => {
    for (const reason of ['revoked_by_client', 'ended_by_user'] as const) {
      const who = await house.signIn({ at: t(90_000) });
      const { service } = house.nodes[0];
      const opened = (await service.openRefreshToken(who.token))!;
      const presenter = { clientId: who.clientId, keyThumbprint: null, signals: unknownSignals };
      const outcome = await service.present(opened, presenter, t(90_010));
      await house.nodes[1].service.end([who.sid], reason, {}, t(90_010));
      if (outcome.kind !== 'staged') throw new Error('not staged');
      expect(await outcome.staged.commit()).toMatchObject({ kind: 'refused', decision: { reason } });
      expect((await house.row(who)).generation).toBe(0);
    }
  });

  it('an end that comes while the rotation waits for its commit wins all the same', async () => {
    const who = await house.signIn({ at: t(91_000) });
    const barrier = await failExactlyAt(
      house.database,
      {
        table: 'session',
        operation: 'UPDATE',
        timing: 'after',
        when: `NEW.generation = 1 AND NEW.id = '${who.sid}'`,
        times: 1,
      },
      { kind: 'barrier' },
    );
    const rotating = house.refresh(who, who.token, t(91_010));
    await barrier.arrived(1);
    const ending = house.nodes[1].service.end([who.sid], 'revoked_by_client', {}, t(91_011));
    await barrier.open();
    const [rotated, ended] = await Promise.all([rotating, ending]);
    await barrier.remove();
    expect([rotated.kind, ended.sessions.length]).toEqual(['token', 1]);
    if (rotated.kind === 'token')
      expect((await house.refresh(who, rotated.token, t(91_012))).kind).toBe('refused');
    expect(await house.stands(who, t(91_012))).toBe(false);
  });

  it('deadlocks and serialization failures are tried again, and never taken for reuse', async () => {
    for (const state of ['40001', '40P01']) {
      for (const node of [0, 1]) {
        const who = await house.signIn({ at: t(92_000) });
        const fault = await failExactlyAt(
          house.database,
          {
            table: 'session',
            operation: 'UPDATE',
            timing: 'before',
            when: `NEW.id = '${who.sid}'`,
            times: 2,
          },
          { kind: 'raise', state },
        );
        const token = await house.rotated(who, who.token, t(92_010), { node });
        expect(await fault.struck()).toBe(2);
        await fault.remove();
        expect((await house.refresh(who, token, t(92_020))).kind).toBe('token');
      }
    }
  });

  it('what keeps failing is an error, and the token works afterwards', async () => {
    for (const state of ['40001', 'P0001']) {
      const who = await house.signIn({ at: t(93_000) });
      const fault = await failExactlyAt(
        house.database,
        { table: 'session', operation: 'UPDATE', timing: 'before', when: `NEW.id = '${who.sid}'` },
        { kind: 'raise', state },
      );
      await expect(house.refresh(who, who.token, t(93_010))).rejects.toThrow();
      await fault.remove();
      expect((await house.refresh(who, who.token, t(93_100))).kind).toBe('token');
      expect(await house.endOf(who)).toBeNull();
    }
  });
});

describe('a mass end that is long over', () => {
  it('is forgotten when nothing can live any more that it would end, and not a day before', async () => {
    const at = 900 * 86_400;
    const [gone, kept] = [randomUUID(), randomUUID()];
    const rows: [string, string, number, number | null][] = [
      ['account', gone, 402, 401.5],
      ['account', kept, 402, 400],
      ['client', `client-${gone}`, 402, 401.5],
      ['client', `client-${kept}`, 402, 400.9],
    ];
    for (const [kind, target, ended, settled] of rows)
      await house.database.query(
        `INSERT INTO not_before (kind, target, at, reason, settled_at) VALUES ($1, $2, $3, 'ended_by_administrator', $4)`,
        [
          kind,
          target,
          new Date(t(at - ended * 86_400)),
          settled === null ? null : new Date(t(at - settled * 86_400)),
        ],
      );
    await house.nodes[0].sweeper.run(t(at));
    const left = await house.database.query<{ target: string }>(
      `SELECT target FROM not_before WHERE target LIKE '%' || $1 OR target LIKE '%' || $2 ORDER BY target`,
      [gone, kept],
    );
    expect(left.map(({ target }) => target).sort()).toEqual([kept, `client-${kept}`].sort());
  });
});
