import { leadsToDevice, readClientDocument } from './client-document.js';

const id = 'https://agents.example.test/one.json';
const withheld = new Set(['groups', 'ssf.read']);
const read = (members: object) =>
  readClientDocument(
    JSON.stringify({ client_id: id, redirect_uris: ['http://127.0.0.1/'], ...members }),
    id,
    {
      resources: ['https://api.example.test'],
      withheld,
    },
  );

describe('the registration that a document asks for', () => {
  it.each([
    ['openid groups api:read', 'openid api:read'],
    ['ssf.read groups', 'openid'],
    ['api:read', 'api:read'],
    ['groups.read', 'groups.read'],
    ['', undefined],
    [undefined, undefined],
  ])('has none of the scope values that only a person gives: %j', (scope, kept) => {
    expect(read({ scope }).scope).toBe(kept);
  });

  it('has the APIs of its host alone', () => {
    expect(read({ resources: ['https://other.example.test'] }).resources).toEqual([
      'https://api.example.test',
    ]);
  });
});

it.each([
  ['http://127.0.0.1:49152/callback', true],
  ['http://[::1]/callback', true],
  ['http://localhost:3000/callback', true],
  ['https://localhost/callback', true],
  ['com.example.app:/callback', true],
  ['https://app.example.test/callback', false],
  ['https://127.0.0.1.example.test/callback', false],
  ['not a uri', false],
])('an answer at %s goes to the device of the person: %s', (uri, leads) => {
  expect(leadsToDevice(uri)).toBe(leads);
});
