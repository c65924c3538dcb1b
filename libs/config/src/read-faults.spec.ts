import { z } from 'zod';
import { readFaults } from './read-faults.js';

const schema = z.strictObject({
  name: z.string({ error: 'must be a text' }),
  limits: z.strictObject({ idle: z.int().optional() }).default({}),
  routes: z.array(z.strictObject({ path: z.string() })).optional(),
  apis: z.record(z.string(), z.strictObject({ audience: z.string() }).nullable()).optional(),
});
const faultsOf = (value: unknown) => {
  const read = schema.safeParse(value);
  return read.success
    ? []
    : readFaults(read.error, schema).map(({ path, detail }) => [path.join('.'), detail]);
};

describe('the faults of what was sent', () => {
  it.each([
    [{ name: 'x', nmae: 1 }, 'nmae', 'name, limits, routes, apis'],
    [{ name: 'x', limits: { idel: 1 } }, 'limits.idel', 'idle'],
    [{ name: 'x', routes: [{ path: '/' }, { path: '/', paht: '/' }] }, 'routes.1.paht', 'path'],
    [{ name: 'x', apis: { orders: { audience: 'x', audeince: 'x' } } }, 'apis.orders.audeince', 'audience'],
  ])('name a member that nobody knows, and those that are known there: %j', (value, place, known) => {
    expect(faultsOf(value)).toEqual([[place, `is not known here; known are ${known}`]]);
  });

  it('name each of several, and say what is right where a member is known', () => {
    expect(faultsOf({ name: 1, a: 1, b: 1 }).map(([place]) => place)).toEqual(['name', 'a', 'b']);
    expect(faultsOf({ name: 1 })).toEqual([['name', 'must be a text']]);
  });

  it('do not repeat a name that could be more than a name', () => {
    for (const name of ['<script>', 'a\u0000', 'a\u202eb', 'x'.repeat(65), '']) {
      const [[place, detail] = []] = faultsOf({ name: 'x', [name]: 1 });
      expect([place, detail]).toEqual([
        '',
        expect.stringContaining('a member with a name of other characters'),
      ]);
      if (name !== '') expect(detail).not.toContain(name);
    }
  });
});
