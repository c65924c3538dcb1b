import type { GatewayRoute } from './api-queries.js';
import { bodyOfRoute, members, newRoute, requirementWords, typedRoute } from './route-members.js';

const added = { version: 3, created_at: '2026-11-26T09:00:00.000Z', updated_at: '2026-11-26T09:00:00.000Z' };
const full = {
  position: 20,
  resource: 'https://orders.example.com',
  hosts: ['orders.example.com', '*.orders.example.com'],
  schemes: ['https', 'http'],
  path: '/orders/*/lines',
  case_sensitive: true,
  allow: ['semicolon'],
  cors: ['https://shop.example.com'],
  methods: ['GET', 'POST'],
  public: true,
  scopes: ['orders:read', 'orders:write'],
  acr: ['urn:curfew:acr:mfa'],
  timeouts: { max_token_age: '60s', idle: '15m', absolute: '8h', max_auth_age: '5m' },
  activity: 'passive',
  upstream: 'https://orders.internal.example.com',
  pass_token: true,
  browser: 'shop',
};
const kept = (written: object) => ({ name: 'orders', ...written, ...added }) as unknown as GatewayRoute;
const saved = (written: object) => bodyOfRoute(typedRoute(kept(written)));

describe('a route that is saved as it was read', () => {
  it('has every member that it had', () => {
    const { timeouts, ...others } = full;
    expect(Object.keys({ name: '', ...others, ...timeouts }).sort()).toEqual(Object.keys(members).sort());
    expect(saved(full)).toEqual(full);
  });

  it('keeps members and timeouts that this console does not know', () => {
    const later = {
      ...full,
      from_a_later_version: true,
      timeouts: { ...full.timeouts, since_step_up: '1m' },
    };
    expect(saved(later)).toEqual(later);
    const words = requirementWords(kept({ ...later, public: false }));
    expect(words).toContain('from_a_later_version true, since_step_up "1m"');
  });

  it('keeps values that this console does not know', () => {
    const later = { ...full, schemes: ['wss'], allow: ['dots'], activity: 'rare' };
    expect(saved(later)).toEqual(later);
  });
});

describe('a new route', () => {
  it('leaves out what is empty, and sends an empty path, API and list of hosts so that they are refused', () => {
    expect(bodyOfRoute({ ...newRoute, path: ' ', schemes: [] })).toEqual({
      position: 100,
      resource: '',
      hosts: [],
      path: '',
      schemes: [],
      activity: 'active',
      timeouts: {},
    });
  });

  it('sends a position that is no number as it was typed', () => {
    expect(bodyOfRoute({ ...newRoute, position: 'first' })).toMatchObject({ position: 'first' });
  });
});

describe('the requirements of a route in words', () => {
  it.each([
    [{ ...full }, 'nothing: everybody may pass'],
    [{ ...full, public: false, scopes: [], acr: [], timeouts: {} }, 'a good token'],
    [
      { ...full, public: false },
      'a good token, scope orders:read orders:write, acr urn:curfew:acr:mfa, activity within 15m, ' +
        'a session of at most 8h, a sign-in within 5m, a token of at most 60s',
    ],
  ])('are told one after the other: %j', (route, words) => {
    expect(requirementWords(kept(route))).toBe(words);
  });
});
