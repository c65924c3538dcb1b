import { type Answer, type EngineClient, EngineWorld } from './engine-world.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.start({
    settings: {
      CURFEW_DELIVERY_INTERVAL: '100ms',
      CURFEW_ALERT_UNKNOWN_TOKENS: '20/5m',
      CURFEW_ALERT_UNKNOWN_TOKENS_ANSWER: 'throttle',
      CURFEW_ALERT_SESSION_PLACES_ANSWER: 'end',
      CURFEW_ALERT_REUSE_SESSIONS: '3/10m',
      CURFEW_ALERT_REUSE_SESSIONS_ANSWER: 'end',
      CURFEW_ALERT_THROTTLE: '10m',
    },
  });
}, 90_000);
afterEach(() => world.check());
afterAll(() => world?.stop());

const from = (ip: string) => ({ headers: { 'x-forwarded-for': ip } });
const made = (client: EngineClient, node: number, ip: string): Promise<Answer> =>
  world.refresh(client, 'cfw_rt_never-issued', { node, ...from(ip) });
/** Transactions that wrote the alerts of a pattern and the ends that came of them. */
const transactions = (pattern: string) =>
  world.database.query<{ types: string[] }>(
    `SELECT array_agg(DISTINCT type ORDER BY type) AS types FROM event e WHERE type IN ('alert.raised', 'session.ended', 'sessions.ended_together', 'signin.ended')
       AND EXISTS (SELECT 1 FROM event a WHERE a.xid = e.xid AND a.type = 'alert.raised' AND a.data ->> 'pattern' = $1) GROUP BY xid`,
    [pattern],
  );

describe('an alert that is answered with', () => {
  it('a throttle has every node refuse its network for a while, and nobody else', async () => {
    const client = await world.client();
    const thief = '203.0.113.9';
    for (let n = 0; n < 25; n += 1) await made(client, 0, thief);
    let refused!: Answer;
    await world.until(
      'the other node has heard of it',
      async () => {
        refused = await made(client, 1, thief);
        return refused.status === 429;
      },
      20_000,
    );
    expect(refused.body).toMatchObject({ error: 'temporarily_unavailable' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(300);
    expect(
      (await world.send(1, 'GET', '/authorize?client_id=x', undefined, from(thief).headers)).status,
    ).toBe(429);
    await world.until('so has this one', async () => (await made(client, 0, thief)).status === 429, 20_000);
    expect((await made(client, 1, '203.0.113.10')).status).toBe(400);
    expect((await world.send(1, 'GET', '/jwks', undefined, from(thief).headers)).status).toBe(200);
    const [alert] = await world.database.query<{ data: Record<string, unknown> }>(
      `SELECT data FROM event WHERE type = 'alert.raised' AND data ->> 'pattern' = 'unknown_token_spray'`,
    );
    expect(alert!.data).toMatchObject({ action: 'throttle', throttled: { networks: [thief] } });
    await world.pass(660);
    expect((await made(client, 1, thief)).status).toBe(400);
  }, 90_000);

  it('an end ends the session it is about and its browser, in the transaction of the alert', async () => {
    const client = await world.client({}, { ipChange: 'observe', deviceMismatch: 'off' });
    const person = world.stranger();
    const { sid, refresh_token } = await world.signIn(client, { ...from('192.0.2.10'), person });
    const other = await world.signIn(client, { ...from('192.0.2.10'), person });
    const elsewhere = await world.signIn(client, { ...from('192.0.2.11'), person: world.stranger() });
    const first = await world.refresh(client, refresh_token, from('198.51.100.5'));
    expect(first.status).toBe(200);
    expect((await world.refresh(client, first.body.refresh_token, from('203.0.113.77'))).status).toBe(200);
    await world.until('it is over', async () => (await world.endOf(sid)) === 'attack_pattern', 20_000);
    const [ended] = await world.events(sid, 'session.ended');
    expect(ended!.data).toMatchObject({ by: { kind: 'policy' }, note: 'session_in_two_places' });
    // The end reaches the browser that the session came of, and what else that browser signed in (ADR 37).
    expect(await world.endOf(other.sid)).toBe('attack_pattern');
    expect(await transactions('session_in_two_places')).toEqual([
      { types: ['alert.raised', 'session.ended', 'signin.ended'] },
    ]);
    expect(await world.endOf(elsewhere.sid)).toBeNull();
  }, 60_000);

  it('an end, where many sessions of a client are concerned, ends all of that client, once', async () => {
    const client = await world.client({}, { retryWindow: 0 });
    const bystander = await world.client();
    const safe = await world.signIn(bystander, { person: world.stranger() });
    const untouched = await world.signIn(client, { person: world.stranger() });
    for (let n = 0; n < 3; n += 1) {
      const { refresh_token } = await world.signIn(client, { person: world.stranger() });
      await world.refreshed(client, refresh_token);
      expect((await world.refresh(client, refresh_token)).status).toBe(400);
    }
    await world.until(
      'everything of the client is over',
      async () => (await world.endOf(untouched.sid)) !== null,
      20_000,
    );
    expect(await world.endOf(untouched.sid)).toBe('attack_pattern');
    expect((await world.refresh(client, untouched.refresh_token)).status).toBe(400);
    expect(await transactions('reuse_across_sessions')).toEqual([
      { types: ['alert.raised', 'session.ended', 'sessions.ended_together'] },
    ]);
    expect((await world.refresh(bystander, safe.refresh_token)).status).toBe(200);
  }, 60_000);
});
