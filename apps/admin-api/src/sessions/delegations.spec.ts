import { delegationsOf } from './delegations.js';

const exchanged = (second: number, actors: readonly string[], lifetime: number) => ({
  type: 'token.exchanged',
  at: new Date(second * 1000),
  data: {
    actors,
    resource: 'https://stock.example.test',
    scope: 'stock:read',
    expiresAt: (second + lifetime) * 1000,
  },
});

describe('the delegations of a session', () => {
  it('are one for the same clients at the same API, with the end of their last token', () => {
    const events = [
      exchanged(1, ['orders'], 600),
      exchanged(2, ['stock', 'orders'], 60),
      exchanged(3, ['orders'], 60),
    ];
    expect(delegationsOf(events)).toEqual([
      {
        actors: ['orders'],
        resource: 'https://stock.example.test',
        scope: 'stock:read',
        tokens: 2,
        first_at: '1970-01-01T00:00:01.000Z',
        last_at: '1970-01-01T00:00:03.000Z',
        expires_at: '1970-01-01T00:10:01.000Z',
      },
      expect.objectContaining({
        actors: ['stock', 'orders'],
        tokens: 1,
        expires_at: '1970-01-01T00:01:02.000Z',
      }),
    ]);
  });
});
