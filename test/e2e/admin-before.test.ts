import { randomUUID } from 'node:crypto';
import { AdminWorld } from './admin-world.js';

// Scopes, groups, adaptations and attachments have no version and are replaced as a whole. A caller who names what they have seen undoes
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

const aPolicy = async () => {
  const name = `p${randomUUID().slice(0, 8)}`;
  await world.post('/v1/policies', { name, settings: { basedOn: 'standard' } });
  return name;
};

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
      const made = await world.post('/v1/clients', {
        client_name: 'Before',
        redirect_uris: ['https://before.example.test/callback'],
      });
      const target = { kind: 'client', client_id: made.body.client_id };
      return {
        send: (policy, before) =>
          world.call('PUT', '/v1/policy-attachments', { body: { target, policy, before } }),
        present: async () => (await world.get(`/v1/clients/${target.client_id}`)).body.policy,
        states: [null, await aPolicy(), await aPolicy()],
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
  // Of two that are sent at once, one is carried out.
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
