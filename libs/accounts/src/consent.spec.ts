import { isCovered, mergeAccess } from './consent.js';

const orders = 'https://orders.example.test';

describe('remembered consent', () => {
  it('adds up over several answers', () => {
    const first = { scopes: ['openid'], claims: [], resources: { [orders]: ['orders:read'] } };
    const second = {
      scopes: ['email', 'openid'],
      claims: ['email'],
      resources: { [orders]: ['orders:write'] },
    };
    expect(mergeAccess(first, second)).toEqual({
      scopes: ['email', 'openid'],
      claims: ['email'],
      resources: { [orders]: ['orders:read', 'orders:write'] },
    });
  });

  it('covers what was allowed, and not one scope, claim or API more', () => {
    const given = { scopes: ['openid'], claims: ['email'], resources: { [orders]: ['orders:read'] } };
    const asked = { scopes: [], claims: [], resources: {} };
    expect(isCovered(given, given)).toBe(true);
    expect(isCovered(asked, given)).toBe(true);
    expect(isCovered({ ...asked, scopes: ['email'] }, given)).toBe(false);
    expect(isCovered({ ...asked, claims: ['phone_number'] }, given)).toBe(false);
    expect(isCovered({ ...asked, resources: { [orders]: ['orders:write'] } }, given)).toBe(false);
    expect(isCovered({ ...asked, resources: { 'https://other.test': ['orders:read'] } }, given)).toBe(false);
  });
});
