import { randomUUID } from 'node:crypto';
import { AdminWorld, orders } from './admin-world.js';

// Scopes, groups, adaptations, attachments and hosts of documents have no version and are replaced as a whole. A caller who names what they have seen undoes
// nobody else's change unseen; a caller who names nothing goes on as before.

let world: AdminWorld;
beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterAll(() => world?.stop());

interface Guarded {
  readonly title: string;
  /** Makes something to change; returns the request for a change to `to` that is made from `before`. */
  readonly make: () => Promise<{
    readonly send: (to: unknown, before?: unknown) => ReturnType<AdminWorld['call']>;
    readonly present: () => Promise<unknown>;
    /** Three states, the first of which is there at the beginning. */
    readonly states: readonly [unknown, unknown, unknown];
  }>;
}

const anAccount = async () => {
  const made = await world.post('/v1/accounts', { username: `${randomUUID()}@example.test` });
  return `/v1/accounts/${made.body.id}`;
};

const aClient = async () => {
  const made = await world.post('/v1/clients', {
    client_name: 'Seen',
    redirect_uris: ['https://seen.example.test/callback'],
  });
  return `/v1/clients/${made.body.client_id}`;
};

const aPolicy = async () => {
  const name = `p${randomUUID().slice(0, 8)}`;
  await world.post('/v1/policies', { name, settings: { basedOn: 'standard' } });
  return name;
};

const aHost = () => `${randomUUID().slice(0, 8)}.example.test`;
const hostNow = async (host: string) =>
  (await world.get('/v1/client-hosts')).body.items.find((one: { host: string }) => one.host === host);

const limits = (floor: number) => ({
  mode: 'propose',
  floor,
  ceiling: 3_600,
  budget: { kind: 'sign_ins_per_person_day', max: 2 },
});

const guarded: readonly Guarded[] = [
  {
    title: 'the scopes of an operator',
    make: async () => {
      const path = await anAccount();
      return {
        send: (scopes, before) => world.call('PUT', `${path}/operator`, { body: { scopes, before } }),
        present: async () => (await world.get(path)).body.operator_scopes,
        states: [[], ['sessions:read'], ['events:read']],
      };
    },
  },
  {
    title: 'the groups of a person',
    make: async () => {
      const path = await anAccount();
      return {
        send: (groups, before) => world.call('PATCH', path, { body: { groups, groups_before: before } }),
        present: async () => (await world.get(path)).body.groups,
        states: [[], ['desk'], ['staff', 'desk']],
      };
    },
  },
  {
    title: 'the adaptation of a policy',
    make: async () => {
      const path = `/v1/policies/${await aPolicy()}/adaptation`;
      return {
        // Lengths are sent as texts, and shown in seconds.
        send: (settings, before) => {
          const sent = { ...(settings as ReturnType<typeof limits>), before };
          const lengths = { floor: String(sent.floor), ceiling: String(sent.ceiling) };
          return world.call('PUT', path, { body: { ...sent, ...lengths } });
        },
        present: async () => (await world.get(path)).body.adaptation?.settings ?? null,
        states: [null, limits(600), limits(900)],
      };
    },
  },
  {
    title: 'the policy that is attached to a client',
    make: async () => {
      const target = { kind: 'client', client_id: (await aClient()).slice('/v1/clients/'.length) };
      return {
        send: (policy, before) =>
          world.call('PUT', '/v1/policy-attachments', { body: { target, policy, before } }),
        present: async () => (await world.get(`/v1/clients/${target.client_id}`)).body.policy,
        states: [null, await aPolicy(), await aPolicy()],
      };
    },
  },
  {
    title: 'the list of APIs of a host of documents',
    make: async () => {
      const host = aHost();
      return {
        send: (resources, before) =>
          world.call('PUT', `/v1/client-hosts/${host}`, { body: { resources, before } }),
        present: async () => (await hostNow(host))?.resources ?? null,
        states: [null, [orders], []],
      };
    },
  },
];

it.each(guarded)('$title is changed from what was seen, or not at all', async ({ make }) => {
  const { send, present, states } = await make();
  const [first, second, third] = states;
  expect(await present()).toEqual(first);
  // Two operators have seen the same; the second one is told.
  expect((await send(second, first)).status).toBeLessThan(300);
  const late = await send(third, first);
  expect([late.status, late.body.code]).toEqual([412, 'version_conflict']);
  expect(await present()).toEqual(second);
  expect((await send(third, second)).status).toBeLessThan(300);
  // One is carried out of two that are sent at once.
  const both = await Promise.all([send(second, third), send(second, third)]);
  expect(both.map(({ status }) => status < 300).toSorted()).toEqual([false, true]);
  // One that names nothing is carried out.
  expect((await send(third)).status).toBeLessThan(300);
  expect(await present()).toEqual(third);
});

it('a policy is taken only from a target that has it', async () => {
  const [mine, theirs] = [await aPolicy(), await aPolicy()];
  const { client_id } = world.data.clients.web;
  const target = { kind: 'client', client_id };
  await world.call('PUT', '/v1/policy-attachments', { body: { target, policy: theirs } });
  const detach = (before: string) => world.post('/v1/policy-attachments/detach', { target, before });
  expect((await detach(mine)).body.code).toBe('version_conflict');
  expect((await world.get(`/v1/clients/${client_id}`)).body.policy).toBe(theirs);
  expect((await detach(theirs)).status).toBe(204);
  expect((await world.get(`/v1/clients/${client_id}`)).body.policy).toBeNull();
});

interface Seen {
  readonly title: string;
  /** Makes something; returns where it stands, and a change of somebody else. */
  readonly make: () => Promise<{ readonly path: string; readonly change: () => Promise<unknown> }>;
  readonly acts: readonly (readonly [name: string, method: string, below: string])[];
}

const seen: readonly Seen[] = [
  {
    title: 'an account',
    make: async () => {
      const path = await anAccount();
      return { path, change: () => world.call('PATCH', path, { body: { groups: ['desk'] } }) };
    },
    acts: [
      ['disable', 'POST', '/disable'],
      ['enable', 'POST', '/enable'],
      ['require a new password of', 'POST', '/require-password'],
      ['set a password of', 'PUT', '/password'],
      ['delete', 'DELETE', ''],
      ['erase', 'POST', '/erase'],
    ],
  },
  {
    title: 'a client',
    make: async () => {
      const path = await aClient();
      const headers = { 'if-match': '"1"' };
      return { path, change: () => world.call('PATCH', path, { body: { client_name: 'Changed' }, headers }) };
    },
    acts: [
      ['disable', 'POST', '/disable'],
      ['enable', 'POST', '/enable'],
      ['delete', 'DELETE', ''],
    ],
  },
];

const acts = seen.flatMap(({ title, make, acts }) =>
  acts.map((act) => [`${act[0]} ${title}`, make, act] as const),
);

it.each(acts)('%s is done to what was seen, or not at all', async (_, make, [name, method, below]) => {
  const { path, change } = await make();
  if (name === 'enable') await world.post(`${path}/disable`, {});
  const act = (etag: string) => world.call(method, `${path}${below}`, { headers: { 'if-match': etag } });
  const present = async () => {
    const { headers, body } = await world.get(path);
    return { etag: headers.get('etag')!, body };
  };
  const first = await present();
  expect(await present()).toEqual(first);
  if (name === 'enable' && path.includes('clients')) await world.post(`${path}/enable`, {});
  else await change();
  const changed = await present();
  expect(changed.etag).not.toBe(first.etag);
  for (const etag of [first.etag, `W/${changed.etag}`, `"x", W/${changed.etag}`, 'x']) {
    const late = await act(etag);
    expect([etag, late.status, late.body.code]).toEqual([etag, 412, 'version_conflict']);
  }
  expect(await present()).toEqual(changed);
  expect((await act(changed.etag)).status).toBeLessThan(300);
});

it('`*` names whatever is there, and one tag of a list is enough; no proxy may weaken a tag by compressing', async () => {
  for (const path of [await anAccount(), await aClient()]) {
    const act = (below: string, seen: string) =>
      world.call('POST', `${path}/${below}`, { headers: { 'if-match': seen } });
    expect((await act('disable', '*')).status).toBeLessThan(300);
    const { headers } = await world.get(path);
    expect(headers.get('cache-control')).toBe('no-store, no-transform');
    expect((await act('enable', `"x", ${headers.get('etag')}`)).status).toBeLessThan(300);
  }
  const nobody = await world.call('POST', `/v1/accounts/${randomUUID()}/disable`, {
    headers: { 'if-match': '*' },
  });
  expect([nobody.status, nobody.body.code]).toEqual([404, 'unknown_account']);
});

it('an account that was deleted meanwhile is erased all the same: what was seen is gone already', async () => {
  const path = await anAccount();
  const headers = { 'if-match': (await world.get(path)).headers.get('etag')! };
  expect((await world.call('DELETE', path, {})).status).toBeLessThan(300);
  expect((await world.call('POST', `${path}/erase`, { headers })).status).toBe(200);
});

it('a host of documents is revoked with the applications that were seen, or not at all', async () => {
  const host = aHost();
  const path = `/v1/client-hosts/${host}`;
  await world.call('PUT', path, { body: { resources: [orders] } });
  const { etag } = await hostNow(host);
  expect((await hostNow(host)).etag).toBe(etag);
  const id = `https://${host}/agent.json`;
  await world.database.query(
    `INSERT INTO client SELECT (jsonb_populate_record(c, jsonb_build_object('id', $1::text, 'document_fresh_until', now() + interval '1 hour'))).*
     FROM client c WHERE c.id = $2`,
    [id, world.data.clients.device.client_id],
  );
  const revoke = (seen: string) => world.call('DELETE', path, { headers: { 'if-match': seen } });
  const late = await revoke(etag);
  expect([late.status, late.body.code]).toEqual([412, 'version_conflict']);
  const present = await hostNow(host);
  expect(present).toMatchObject({ resources: [orders], clients: [id] });
  const done = await revoke(present.etag);
  expect([done.status, done.body.clients]).toEqual([200, [id]]);
  expect((await world.call('DELETE', path, {})).status).toBe(404);
});

it('of two who disable what they have both seen, one is told that it was done already', async () => {
  for (const path of [await anAccount(), await aClient()]) {
    const headers = { 'if-match': (await world.get(path)).headers.get('etag')! };
    const both = await Promise.all([1, 2].map(() => world.call('POST', `${path}/disable`, { headers })));
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412]);
  }
});

it('the version of an account is another one for each state, and the same one after a sign-in', async () => {
  const { username } = world.data.accounts[1]!;
  const find = async () => (await world.get(`/v1/accounts?prefix=${username}`)).body.items[0].id;
  const path = `/v1/accounts/${await find()}`;
  const etag = async () => (await world.get(path)).headers.get('etag');
  await world.database.query(
    `INSERT INTO linked_identity (issuer, subject, account_id, created_at) VALUES ('https://corp.example.test', 'someone', $1, now())`,
    [await find()],
  );
  const tags = [await etag()];
  await world.signIn(world.person(1));
  await world.database.query('UPDATE linked_identity SET last_used_at = now() WHERE account_id = $1', [
    await find(),
  ]);
  const { identities } = (await world.get(path)).body;
  expect(identities).toMatchObject([{ subject: 'someone', last_used_at: expect.any(String) }]);
  expect(await etag()).toBe(tags[0]);
  for (const change of [
    () => world.call('PATCH', path, { body: { display_name: 'Somebody' } }),
    () => world.call('PATCH', path, { body: { groups: ['desk'] } }),
    () => world.call('PUT', `${path}/operator`, { body: { scopes: ['events:read'] } }),
    () => world.post(`${path}/require-password`, {}),
    () => world.post(`${path}/disable`, {}),
  ]) {
    expect((await change()).status).toBeLessThan(300);
    tags.push(await etag());
  }
  expect(new Set(tags).size).toBe(tags.length);
});

it('a new secret is made beside those that were seen, or not at all', async () => {
  const path = await aClient();
  const secrets = async () => (await world.get(path)).body.secrets.map(({ id }: { id: string }) => id);
  const [first] = await secrets();
  const roll = (before?: readonly string[]) => world.post(`${path}/secrets`, { before });
  expect((await roll([first])).status).toBe(201);
  const after = await secrets();
  const late = await roll([first]);
  expect([late.status, late.body.code]).toEqual([412, 'version_conflict']);
  // The secret in use would have been gone at once.
  expect(await secrets()).toEqual(after);
  expect((await roll(after.toReversed())).status).toBe(201);
  expect((await roll()).status).toBe(201);
});

it('a secret that has ended by its clock since it was seen is a change of nobody', async () => {
  const path = await aClient();
  const secrets = async (): Promise<string[]> =>
    (await world.get(path)).body.secrets.map(({ id }: { id: string }) => id);
  const [old] = await secrets();
  const roll = (before: readonly string[]) => world.post(`${path}/secrets`, { before });
  expect((await roll([old!])).status).toBe(201);
  const seen = await secrets();
  expect(seen).toHaveLength(2);
  await world.database.query(
    `UPDATE client_secret SET expires_at = now() - interval '1 minute' WHERE id::text = $1`,
    [old],
  );
  expect(await secrets()).toEqual(seen.filter((one) => one !== old));
  expect((await roll(seen)).status).toBe(201);
  // One that somebody has ended is another matter.
  const [newest, before] = await secrets();
  expect((await world.call('DELETE', `${path}/secrets/${before}`, {})).status).toBeLessThan(300);
  expect((await roll([newest!, before!])).body.code).toBe('version_conflict');
});

it('a preview says which policy is attached there now', async () => {
  const path = await aClient();
  const target = { kind: 'client', client_id: path.slice('/v1/clients/'.length) };
  const attached = async (attach_to?: object) =>
    (await world.post('/v1/policies/preview', { name: 'standard', attach_to })).body.attached;
  expect([await attached(), await attached(target)]).toEqual([null, null]);
  const policy = await aPolicy();
  await world.call('PUT', '/v1/policy-attachments', { body: { target, policy } });
  expect(await attached(target)).toBe(policy);
});
