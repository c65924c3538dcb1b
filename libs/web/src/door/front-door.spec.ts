import { requestIdOf } from './front-door.js';

const ownId = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const idOf = (given: string | undefined, isByProxy: boolean) =>
  requestIdOf({ headers: given === undefined ? {} : { 'x-request-id': given } }, isByProxy);

describe('the id of a request', () => {
  it.each([
    '0af7651916cd43dd8448eb211c80319c',
    'b7ad6b71-6920-4331-8b7a-d6b716920331',
    'eight.-_',
    'x'.repeat(64),
  ])('is the one that a proxy of ours gave, and is never taken from anybody else: %s', (given) => {
    expect(idOf(given, true)).toBe(given);
    expect(idOf(given, false)).toMatch(ownId);
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is too short', 'sevenxx'],
    ['is too long', 'x'.repeat(65)],
    ['came twice', '0af7651916cd43dd, 0af7651916cd43dd'],
    ['is markup', '<script>alert(1)</script>'],
    ['ends the line', '0af7651916cd43dd\nb7ad6b71'],
    ['has a blank', '0af7651916cd43dd b7ad6b71'],
    ['is beyond ASCII', '0af7651916cd43dé'],
    ['is a client secret', `cfw_cs_${'x'.repeat(43)}`],
    ['is the beginning of a refresh token', 'cfw_rt_qgGiGI-kGHt3lw0GJ8n1B'],
    ['is the beginning of an access token', 'cfw_at_qolAuuPAwbIVtUyJtijFk'],
  ])('is one of our own where the one of the proxy %s', (_, given) => {
    expect(idOf(given, true)).toMatch(ownId);
  });
});
